import type { Effect } from '../../measure/statistics/interval.ts';
import { studentIntervals } from '../../measure/statistics/studentIntervals.ts';
import type { FigurePoint, Panel, Table } from '../figure.ts';
import { tunedRate, tunedRates } from './comparePairs.ts';
import type {
  Arm,
  LineLoss,
  MeasuredSolution,
  PairsEvidence,
  PairsFound,
  PairsProtocol,
} from './pairsStudy.ts';

/** Something of the solutions at the lowest goal by ε, a curve for each batch: the mean over the units with its interval. */
export function ratesPanel(
  found: PairsFound,
  protocol: PairsProtocol,
  label: string,
  of: (solution: MeasuredSolution) => number,
  { log = false }: { readonly log?: boolean } = {},
): Panel {
  const curve = (batch: Arm['batch'], rates: readonly number[]): FigurePoint[] =>
    rates.map((lr) => {
      const values = found.flatMap(({ evidence: { arms } }) => {
        const arm = arms.find((each) => each.batch === batch && each.lr === lr && each.order === 0);
        const solution = arm?.solutions[0];
        return solution ? [log ? Math.log(of(solution)) : of(solution)] : [];
      });
      return { x: lr, ...meanOf(values, log) };
    });
  return {
    title: `${label}, at a loss of ${protocol.goals[0]}`,
    x: { label: 'ε', log: true },
    y: { label, log },
    marks: [
      {
        mark: 'line',
        name: `B = ${protocol.smallBatch}`,
        points: curve('small', protocol.smallRates),
        look: { marked: true },
      },
      {
        mark: 'line',
        name: `B = ${protocol.largeBatch}`,
        points: curve('large', protocol.largeRates),
        look: { marked: true },
      },
    ],
  };
}

/** The mean, with an interval where there are two values or more. */
function meanOf(values: readonly number[], log: boolean): Omit<FigurePoint, 'x'> {
  const back = log ? Math.exp : (value: number): number => value;
  if (values.length === 0) return { y: null };
  if (values.length === 1) return { y: back(values[0]!) };
  const { value, interval } = studentIntervals([values])[0] as Effect;
  const [low, high] = interval;
  return {
    y: back(value),
    interval: [low === null ? null : back(low), high === null ? null : back(high)],
  };
}

/** How the best ε of each batch was chosen: by the validation part alone. */
export function ratesTable(found: PairsFound, protocol: PairsProtocol): Table {
  const rows = (['small', 'large'] as const).flatMap((batch) => {
    const best = tunedRate(found, protocol, batch, 0);
    const rates = tunedRates(found, protocol, batch, 0);
    return rates.map(({ lr, accuracy }, i): (string | number | null)[] => [
      batch === 'small' ? protocol.smallBatch : protocol.largeBatch,
      lr,
      accuracy === null ? null : 100 * accuracy,
      lr !== best ? '' : i === 0 || i === rates.length - 1 ? 'best, at the edge of the grid' : 'best',
    ]);
  });
  return {
    title: 'Validation accuracy by ε: of the rates by which all units came to the training loss',
    columns: ['B', 'ε', '% right', ''],
    rows,
  };
}

/** The mean over the units of the losses along a line. */
export function linePanel(found: PairsFound, which: keyof PairsEvidence['lines'], title: string): Panel {
  const lines = found.flatMap(({ evidence }) => evidence.lines[which] ?? []);
  const alphas = [...new Set(lines.map(({ alpha }) => alpha))].sort((a, b) => a - b);
  const mean = (of: (point: LineLoss) => number): FigurePoint[] =>
    alphas.map((alpha) => {
      const at = lines.filter((point) => point.alpha === alpha);
      return { x: alpha, y: at.reduce((sum, point) => sum + of(point), 0) / at.length };
    });
  return {
    title,
    x: { label: 'α; means over the units' },
    y: { label: 'loss', log: true },
    right: { label: '% right' },
    marks: [
      { mark: 'line', name: 'training loss', points: mean(({ loss }) => loss) },
      { mark: 'line', name: 'test loss', points: mean(({ testLoss }) => testLoss) },
      {
        mark: 'line',
        name: 'test accuracy',
        points: mean(({ testAccuracy }) => 100 * testAccuracy),
        right: true,
        look: { dashed: true },
      },
    ],
  };
}
