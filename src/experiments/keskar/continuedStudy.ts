import { z } from 'zod';
import type { StateValues } from '../../nn/stateDict.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import type { Study } from '../claim.ts';
import { PIXELS, perceptronBytes, TESTED } from '../perceptronBytes.ts';
import { measureSharpness } from './measureSolution.ts';
import { trainSteps } from './trainSteps.ts';
import { TRAINING_CHART, trainToGoals } from './trainToGoals.ts';
import { unitTask } from './unitTask.ts';

/**
 * What one batch makes of where another one has been (Keskar et al. 2017, figure 5). Escape: the large batch's solution,
 * continued by the small batch or by the large one, each to one lower training loss. Warm start: some epochs of the small batch, then the
 * large one to the loss at which its solution from the start was taken; as the control epochs of the large batch in their place. Adam begins
 * anew wherever the batch changes, and where it does not. One ε.
 */
export type ContinuedProtocol = {
  readonly data: string;
  readonly examples: number;
  readonly labelNoise: number;
  readonly hidden: number;
  readonly smallBatch: number;
  readonly largeBatch: number;
  readonly lr: number;
  readonly goal: number;
  readonly lowerGoal: number;
  readonly warmEpochs: readonly number[];
  readonly smallEpochs: number;
  readonly largeEpochs: number;
  readonly units: number;
  readonly seed: number;
};

/** One unit. */
export type ContinuedCell = Omit<ContinuedProtocol, 'units' | 'seed'> & { readonly unit: number };

/** Where a run is, and how sharp it is there. */
export interface ContinuedSolution {
  /** Of the run that is continued, or of the run after its warm start. */
  readonly step: number;
  readonly loss: number;
  readonly testAccuracy: number;
  readonly lambdaMax: number;
  readonly residual: number;
}

export interface ContinuedEvidence {
  /** The large batch's solution. null wherever a run did not come to its loss. */
  readonly large: ContinuedSolution | null;
  /** That one at the lower loss. */
  readonly bySmall: ContinuedSolution | null;
  readonly byLarge: ContinuedSolution | null;
  /** By the large batch after as many updates as the small one took; its loss is another. */
  readonly byLargeUpdates: ContinuedSolution | null;
  /** The large batch after epochs of one or the other, at the loss of `large`. */
  readonly warm: readonly {
    readonly by: 'small' | 'large';
    readonly epochs: number;
    readonly solution: ContinuedSolution | null;
  }[];
}

const solution = z
  .strictObject({
    step: z.int().positive(),
    loss: z.number(),
    testAccuracy: z.number(),
    lambdaMax: z.number(),
    residual: z.number(),
  })
  .nullable();
const evidence: z.ZodType<ContinuedEvidence> = z.strictObject({
  large: solution,
  bySmall: solution,
  byLarge: solution,
  byLargeUpdates: solution,
  warm: z.array(z.strictObject({ by: z.enum(['small', 'large']), epochs: z.int().positive(), solution })),
});

const standard: ContinuedProtocol = {
  data: 'fashion-mnist?average_pool=2',
  examples: 1000,
  labelNoise: 0.1,
  hidden: 64,
  smallBatch: 16,
  largeBatch: 100,
  lr: 0.004,
  goal: 0.2,
  lowerGoal: 0.1,
  warmEpochs: [3, 10, 30],
  smallEpochs: 80,
  largeEpochs: 200,
  units: 8,
  seed: 1000,
};

export const continuedStudy: Study<ContinuedProtocol, ContinuedCell, ContinuedEvidence> = {
  id: 'continued',
  version: 1,
  presets: {
    quick: { ...standard, examples: 500, smallBatch: 10, largeBatch: 50, units: 2, seed: 0 },
    standard,
  },
  parts: {
    data: 'images with a test part',
    examples: 'training examples of a unit, drawn for it',
    labelNoise: 'share of its training labels that are replaced by another',
    hidden: 'units of each of two hidden layers',
    smallBatch: 'B of the small batch',
    largeBatch: 'B of the large one, a tenth of the data',
    lr: 'ε of Adam of both',
    goal: 'training loss of the large batch’s solutions',
    lowerGoal: 'training loss to which one is continued',
    warmEpochs: 'passes of the small batch before the large one',
    smallEpochs: 'passes by which the small batch continues, at the most',
    largeEpochs: 'passes of the large batch, at the most',
    units: 'trunks, each with its own subset, label noise, initial weights and orders',
    seed: 'of the first trunk',
  },
  series: { [TRAINING_CHART]: { x: { label: 'step' }, y: { label: 'loss', log: true } } },
  evidence,

  cells: ({ units, seed, ...protocol }) =>
    Array.from({ length: units }, (_, u) => ({ ...protocol, unit: seed + u })),

  cost: ({ examples, hidden, warmEpochs }) => ({
    seconds: 1 + (examples / 130) ** 1.9,
    bytes: perceptronBytes({
      widths: [PIXELS, hidden, hidden, 10],
      examples: examples + TESTED,
      replicas: 2 + warmEpochs.length,
    }),
  }),

  async *run(gpu, cell, host) {
    yield { type: 'phase', phase: 'reading data' };
    const task = await unitTask(cell, host);
    const { lr, goal, lowerGoal, warmEpochs, smallBatch, largeBatch, examples } = cell;
    const epochOf = { small: Math.ceil(examples / smallBatch), large: Math.ceil(examples / largeBatch) };
    const sizeOf = { small: smallBatch, large: largeBatch };
    const from = (start: StateValues, place: number) => ({
      lr,
      seed: (deriveSeed(cell.unit, 'order') + place) % 2 ** 32,
      start,
    });
    const measured = async (
      found: { step: number; loss: number; weights: StateValues } | null,
      testAccuracy: number | null | undefined,
    ): Promise<ContinuedSolution | null> => {
      if (!found) return null;
      const { step, loss, weights } = found;
      const { lambdaMax, residual } = await measureSharpness(
        gpu,
        { model: task.model, weights, dataset: task.train },
        [],
      );
      return { step, loss, testAccuracy: testAccuracy!, lambdaMax, residual };
    };

    yield { type: 'phase', phase: 'warm starts' };
    const starts: { by: 'small' | 'large'; epochs: number; weights: StateValues }[] = [];
    for (const by of ['small', 'large'] as const) {
      const epochs = by === 'small' ? warmEpochs : [warmEpochs.at(-1)!];
      const kept = yield* trainSteps(gpu, {
        task,
        batchSize: sizeOf[by],
        run: from(task.start, 1),
        at: epochs.map((epoch) => epoch * epochOf[by]),
      });
      kept.forEach(({ weights }, i) => {
        starts.push({ by, epochs: epochs[i]!, weights });
      });
    }

    yield { type: 'phase', phase: `large batch from ${1 + starts.length} starts` };
    const solutions = yield* trainToGoals(gpu, {
      task,
      batchSize: largeBatch,
      runs: [task.start, ...starts.map(({ weights }) => weights)].map((start) => from(start, 2)),
      goals: [goal],
      lookEvery: 2 * epochOf.large,
      most: cell.largeEpochs * epochOf.large,
      name: `B = ${largeBatch}`,
    });
    const at = solutions.map(([one]) => one ?? null);
    const [found, ...warmFound] = at;
    const large = await measured(found!, found?.test.accuracy);
    const warm: ContinuedEvidence['warm'][number][] = [];
    for (const [i, { by, epochs }] of starts.entries()) {
      const one = warmFound[i]!;
      warm.push({ by, epochs, solution: await measured(one, one?.test.accuracy) });
    }
    if (!found) return { large, bySmall: null, byLarge: null, byLargeUpdates: null, warm };

    const continued: Record<'small' | 'large', ContinuedSolution | null> = { small: null, large: null };
    for (const by of ['small', 'large'] as const) {
      yield { type: 'phase', phase: `continued by the ${by} batch` };
      const [[one]] = (yield* trainToGoals(gpu, {
        task,
        batchSize: sizeOf[by],
        runs: [from(found.weights, 3)],
        goals: [lowerGoal],
        lookEvery: epochOf[by],
        most: (by === 'small' ? cell.smallEpochs : cell.largeEpochs) * epochOf[by],
        name: `continued, B = ${sizeOf[by]}`,
      })) as [[typeof found | null]];
      continued[by] = await measured(one, one?.test.accuracy);
    }
    const updates = continued.small?.step;
    let byLargeUpdates: ContinuedSolution | null = null;
    if (updates !== undefined) {
      yield { type: 'phase', phase: 'continued by the large batch for as many updates' };
      const [last] = yield* trainSteps(gpu, {
        task,
        batchSize: largeBatch,
        run: from(found.weights, 3),
        at: [updates],
      });
      byLargeUpdates = await measured(last!, last!.testAccuracy);
    }
    return { large, bySmall: continued.small, byLarge: continued.large, byLargeUpdates, warm };
  },
};
