import type { FigurePoint } from '../../../experiments/figure.ts';
import type { JobEvent } from '../../../jobs/job.ts';
import { formatNumber } from '../../../present/formatNumber.ts';
import { rounded } from './events.ts';
import { type Hyperbola, hyperbolaThrough } from './hyperbola.ts';
import type { Drawn, LiveFigure } from './liveFigure.ts';
import { atRates, clusters } from './task.ts';

const BATCHES = [2, 8, 32, 128, 512];
const GOALS = [0.9, 0.8, 0.7, 0.65, 0.6, 0.55];
/** Times at which the loss on new data is taken: every goal is reached by then, with room. */
const LOOKS = 20;

/** Steps against examples until the loss on new data is at a goal, for each batch size the fewest of several rates. */
export const batchSize: LiveFigure = {
  id: 'batch-size',
  title: 'Steps and examples to the same loss',
  slider: { symbol: 'L', name: 'loss to reach', values: GOALS, first: 0.7 },
  runs: [0],
  runOf: () => 0,
  jobs: () =>
    BATCHES.map((batch) => {
      const { steps, every } = lengthOf(batch);
      // About where the best rate of a batch size is, and both sides of it.
      const middle = 1.2 / (1 + 64 / batch);
      const rates = [-2, -1, 0, 1, 2].map((power) => Number((middle * 2 ** power).toPrecision(2)));
      return atRates(rates, {
        data: clusters({ examples: 4096, test: 512 }),
        batch_size: batch,
        steps,
        record_every: every,
        evaluate: { every },
      });
    }),
  digest: (_, jobs) =>
    Object.fromEntries(BATCHES.map((batch, i) => [`${batch}`, leastLosses(jobs[i] ?? [])])),
  panels({ chosen }, goal) {
    const reached = pointsAt(chosen, goal);
    const fit = hyperbolaThrough(reached);
    return [
      {
        title: `Until the loss on new data is ${goal}`,
        x: { label: 'steps S', log: true, range: [2, 2000] },
        y: { label: 'examples E = B·S', log: true, range: [100, 20_000] },
        marks: [
          {
            mark: 'dots',
            name: 'measured, a batch size each',
            points: reached.map(({ steps, batch }) => ({ x: steps, y: rounded(steps * batch) })),
            look: { colour: 0 },
          },
          ...(fit
            ? [
                {
                  mark: 'line',
                  name: 'hyperbola',
                  points: curveOf(fit),
                  look: { colour: 1, marked: false },
                } as const,
              ]
            : []),
        ],
      },
    ];
  },
  sentence({ chosen }, goal) {
    const reached = pointsAt(chosen, goal);
    const fit = hyperbolaThrough(reached);
    const [first, last] = [reached[0], reached.at(-1)];
    if (!fit || !first || !last) return undefined;
    const of = (point: typeof first): string =>
      `B = ${point.batch} takes ${formatNumber(point.steps, 2)} steps and ${formatNumber(point.steps * point.batch, 2)} examples`;
    return `To a loss of ${goal}, ${of(first)}, ${of(last)}. The hyperbola through the points bends at B_{crit} ≈ ${formatNumber(fit.critical, 2)}.`;
  },
};

function lengthOf(batch: number): { readonly steps: number; readonly every: number } {
  const every = Math.max(1, Math.round(0.9 * (1 + 72 / batch)));
  return { steps: LOOKS * every, every };
}

/** The least loss on new data that any of the rates had at a step. */
function leastLosses(events: readonly JobEvent[]): FigurePoint[] {
  const least = new Map<number, number>();
  for (const event of events) {
    if (event.type !== 'evaluation' || event.split !== 'test' || !Number.isFinite(event.loss)) continue;
    least.set(event.step, Math.min(least.get(event.step) ?? Number.POSITIVE_INFINITY, event.loss));
  }
  return [...least].map(([x, y]) => ({ x, y: rounded(y) }));
}

interface Reached {
  readonly batch: number;
  readonly steps: number;
}

/** Where each batch size is at the goal for the first time, between two looks by their losses. */
function pointsAt(drawn: Drawn, goal: number): Reached[] {
  return BATCHES.flatMap((batch) => {
    const points = (drawn[`${batch}`] ?? []).filter(({ y }) => y !== null) as { x: number; y: number }[];
    const after = points.findIndex(({ y }) => y <= goal);
    if (after < 0) return [];
    const [low, high] = [points[after - 1], points[after]!];
    // Before the first look the loss is not known.
    if (!low) return [];
    const share = (low.y - goal) / (low.y - high.y);
    return [{ batch, steps: Number((low.x + share * (high.x - low.x)).toPrecision(4)) }];
  });
}

function curveOf({ steps, critical }: Hyperbola): FigurePoint[] {
  return Array.from({ length: 40 }, (_, i) => {
    const batch = critical * 10 ** (-1.6 + (3.2 * i) / 39);
    const needed = steps * (1 + critical / batch);
    return { x: rounded(needed)!, y: rounded(needed * batch) };
  });
}
