import type { FigurePoint } from '../../../experiments/figure.ts';
import type { JobEvent } from '../../../jobs/job.ts';
import { formatNumber } from '../../../present/formatNumber.ts';
import { readingsOf, rounded } from './events.ts';
import type { Drawn, LiveFigure } from './liveFigure.ts';
import { atRates, clusters } from './task.ts';

const BATCHES = [2, 4, 8, 16, 32, 64, 128, 256];
const STEPS = 60;
/** Each 1.5 times the one before it. */
const RATES = Array.from({ length: 15 }, (_, i) => Number((0.02 * 1.5 ** i).toPrecision(2)));
/** Losses that are drawn: an untrained network has 2.1, and what is far above it has diverged. */
const HIGHEST = 4;
/** Steps over which the loss of mini-batches is averaged while they come. */
const WINDOW = 8;

/** The loss after a fixed number of steps over the rate, and the best rate over the batch size. */
export const learningRate: LiveFigure = {
  id: 'learning-rate',
  title: 'Loss after 60 steps, by learning rate',
  slider: { symbol: 'B', name: 'batch size', values: BATCHES, first: 16 },
  runs: BATCHES,
  runOf: (value) => value,
  jobs: (batch) => [
    atRates(RATES, { data: clusters({ examples: 1024, test: 0 }), batch_size: batch, steps: STEPS }),
  ],
  digest: (_, [events = []]) => ({ loss: RATES.map((x, replica) => ({ x, y: lossOf(events, replica) })) }),
  panels({ chosen, others }, value) {
    const best = bestOf(chosen);
    const optimal = [...others, [value, chosen] as const].flatMap(([batch, drawn]) => {
      const found = bestOf(drawn);
      return found ? [{ x: batch, y: found.x, chosen: batch === value }] : [];
    });
    return [
      {
        title: `Loss after ${STEPS} steps`,
        x: { label: 'learning rate ε', log: true, range: [RATES[0]!, RATES.at(-1)!] },
        y: { label: 'loss L', range: [0, HIGHEST] },
        marks: [
          { mark: 'line', name: `B = ${value}`, points: chosen.loss!, look: { colour: 0 } },
          ...(best
            ? [
                { mark: 'dots', name: 'best rate', points: [best], look: { colour: 1 } } as const,
                {
                  mark: 'line',
                  name: 'twice the best',
                  points: [
                    { x: 2 * best.x, y: 0 },
                    { x: 2 * best.x, y: HIGHEST },
                  ],
                  look: { colour: 7, dashed: true, marked: false },
                } as const,
              ]
            : []),
        ],
      },
      {
        title: 'The best rate, by batch size',
        x: { label: 'batch size B', log: true, range: [BATCHES[0]!, BATCHES.at(-1)!] },
        y: { label: 'best learning rate ε', log: true, range: [RATES[0]!, RATES.at(-1)!] },
        marks: [
          {
            mark: 'line',
            name: 'every batch size',
            points: optimal.sort((a, b) => a.x - b.x).map(({ x, y }) => ({ x, y })),
            look: { colour: 0, faint: true, marked: true },
          },
          {
            mark: 'dots',
            name: 'best rate',
            points: optimal.filter((point) => point.chosen).map(({ x, y }) => ({ x, y })),
            look: { colour: 1 },
          },
        ],
      },
    ];
  },
  sentence({ chosen }, value) {
    const best = bestOf(chosen);
    if (!best) return undefined;
    const text = `At B = ${value} the best of these rates is ε = ${formatNumber(best.x, 2)}, with a loss of ${formatNumber(best.y, 2)} after ${STEPS} steps.`;
    const far = chosen.loss!.find(({ x }) => x > 2.2 * best.x);
    if (!far) return text;
    return `${text} At ε = ${formatNumber(far.x, 2)} it is ${far.y === null ? `above ${HIGHEST}, or without bound` : formatNumber(far.y, 2)}.`;
  },
};

/** At the end the loss of all examples; on the way that of the last mini-batches. null where it left the chart. */
function lossOf(events: readonly JobEvent[], replica: number): number | null {
  const own = <T extends { readonly replica: number }>(event: T): boolean => event.replica === replica;
  if (events.some((event) => event.type === 'diverged' && own(event))) return null;
  const last = events.findLast(
    (event) => event.type === 'evaluation' && event.split === 'train' && own(event),
  );
  const recent = readingsOf(events).filter(own).slice(-WINDOW);
  const loss =
    last?.type === 'evaluation'
      ? last.loss
      : recent.reduce((sum, reading) => sum + reading.loss, 0) / recent.length;
  return loss <= HIGHEST ? rounded(loss) : null;
}

function bestOf({ loss }: Drawn): (FigurePoint & { readonly y: number }) | undefined {
  const known = (loss ?? []).filter((point): point is FigurePoint & { y: number } => point.y !== null);
  return known.length === 0 ? undefined : known.reduce((a, b) => (b.y < a.y ? b : a));
}
