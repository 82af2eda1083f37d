import type { FigurePoint } from '../../../experiments/figure.ts';
import type { JobEvent } from '../../../jobs/job.ts';
import { formatNumber } from '../../../present/formatNumber.ts';
import { readingsOf, rounded } from './events.ts';
import type { Drawn, LiveFigure } from './liveFigure.ts';
import { atRates, clusters } from './task.ts';

const BATCHES = [4, 8, 16, 32, 64];
const STEPS = 400;
const RATES = [0.025, 0.05, 0.1, 0.2, 0.4, 0.8];
const HIGHEST = 2;

/** The loss on new data over the rate: of the last weights, and of the average of the second half of the run. */
export const averaging: LiveFigure = {
  id: 'averaging',
  title: 'Last weights and their average',
  slider: { symbol: 'B', name: 'batch size', values: BATCHES, first: 16 },
  runs: BATCHES,
  runOf: (value) => value,
  jobs: (batch) => [
    atRates(RATES, {
      data: clusters({ examples: 1024, test: 1024 }),
      batch_size: batch,
      steps: STEPS,
      record_every: 4,
      averaging: { type: 'swa', start: STEPS / 2, every: 1 },
    }),
  ],
  digest: (_, [events = []]) => ({
    last: pointsOf(events, 'last'),
    average: pointsOf(events, 'swa'),
    training: RATES.map((x, replica) => ({ x, y: recentLoss(events, replica) })),
  }),
  panels: ({ chosen }, value) => {
    const finished = (chosen.average ?? []).length > 0;
    return [
      {
        title: `Loss after ${STEPS} steps at B = ${value}`,
        x: { label: 'learning rate ε', log: true, range: [RATES[0]!, RATES.at(-1)!] },
        y: { label: 'loss L', range: [0, HIGHEST] },
        marks: finished
          ? [
              { mark: 'line', name: 'last weights, new data', points: chosen.last!, look: { colour: 0 } },
              { mark: 'line', name: 'their average, new data', points: chosen.average!, look: { colour: 1 } },
            ]
          : [
              {
                mark: 'line',
                name: 'mini-batches, so far',
                points: chosen.training ?? [],
                look: { colour: 7, dashed: true },
              },
            ],
      },
    ];
  },
  sentence({ chosen }, value) {
    const [last, average] = [largestGain(chosen)?.last, largestGain(chosen)?.average];
    if (!last || !average) return undefined;
    return `At B = ${value} and ε = ${formatNumber(last.x, 2)} the last weights have a loss of ${formatNumber(last.y, 3)} on new data, the average of the last ${STEPS / 2 + 1} steps’ weights ${formatNumber(average.y, 3)}.`;
  },
};

function pointsOf(events: readonly JobEvent[], weights: 'last' | 'swa'): FigurePoint[] {
  const found = events.flatMap((event) =>
    event.type === 'evaluation' && event.split === 'test' && event.weights === weights ? [event] : [],
  );
  if (found.length === 0) return [];
  return RATES.map((x, replica) => {
    const loss = found.find((event) => event.replica === replica)?.loss ?? Number.NaN;
    return { x, y: loss <= HIGHEST ? rounded(loss) : null };
  });
}

function recentLoss(events: readonly JobEvent[], replica: number): number | null {
  const own = readingsOf(events).filter((reading) => reading.replica === replica);
  const recent = own.slice(-8).map(({ loss }) => loss);
  const mean = recent.reduce((sum, loss) => sum + loss, 0) / recent.length;
  return mean <= HIGHEST ? rounded(mean) : null;
}

/** The rate at which the average differs most from the last weights. */
function largestGain({ last, average }: Drawn): { last: FigurePoint; average: FigurePoint } | undefined {
  const pairs = (last ?? []).flatMap((point, i) => {
    const other = average?.[i];
    return point.y !== null && other && other.y !== null ? [{ last: point, average: other }] : [];
  });
  const gap = (pair: (typeof pairs)[number]): number => Math.abs(pair.last.y! - pair.average.y!);
  return pairs.length === 0 ? undefined : pairs.reduce((a, b) => (gap(b) > gap(a) ? b : a));
}
