import { z } from 'zod';
import { line } from '../../measure/landscape/landscape.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import type { Study } from '../claim.ts';
import type { CellEvidence } from '../experiment.ts';
import { PIXELS, perceptronBytes, TESTED } from '../perceptronBytes.ts';
import { refused, requireAtLeast } from '../protocol.ts';
import { distanceOf, measureSharpness, type Sharpness, sharpnessSchema } from './measureSolution.ts';
import { type Solution, TRAINING_CHART, trainToGoals } from './trainToGoals.ts';
import { unitTask } from './unitTask.ts';

/**
 * Solutions of small and of large batches, a tenth of the data, at one training loss (Keskar et al. 2017, section 2; their optimizer, Adam
 * with its defaults but ε, without BatchNorm). A unit has its own subset, label noise, initial weights and orders; all of its arms start
 * from the same weights and learn the same data. The arms of `lr` differ in B alone. Those of other ε are there so that each batch may
 * have its own best ε: the one with the highest accuracy over the validation part, a fifth of the test images, in the mean over the units. A second
 * small-batch run in another order is the control: with no large batch in it, a pair of two like minima.
 */
export type PairsProtocol = {
  readonly data: string;
  readonly examples: number;
  readonly labelNoise: number;
  readonly hidden: number;
  readonly smallBatch: number;
  readonly largeBatch: number;
  readonly lr: number;
  readonly smallRates: readonly number[];
  readonly largeRates: readonly number[];
  readonly goals: readonly number[];
  readonly epsilons: readonly number[];
  readonly points: number;
  readonly smallEpochs: number;
  readonly largeEpochs: number;
  readonly units: number;
  readonly seed: number;
};

/** One unit. */
export type PairsCell = Omit<PairsProtocol, 'units' | 'seed'> & { readonly unit: number };

/** A solution, measured. */
export interface MeasuredSolution {
  readonly step: number;
  /** Over all training examples, within [0.75, 1] of the goal. */
  readonly loss: number;
  readonly validationAccuracy: number;
  readonly testAccuracy: number;
  readonly testLoss: number;
  /** From the initial weights. */
  readonly distance: number;
  readonly sharpness: Sharpness;
}

/** A run, and its solution at each goal: null where it did not come there. */
export interface Arm {
  readonly batch: 'small' | 'large';
  readonly lr: number;
  /** 1: the same once more, in another order. */
  readonly order: number;
  readonly solutions: readonly (MeasuredSolution | null)[];
}

/** A point between two solutions, or beyond: α = 0 is the first, 1 the second. */
export interface LineLoss {
  readonly alpha: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
}

export interface PairsEvidence {
  readonly arms: readonly Arm[];
  /** At the lowest goal: from the small batch's solution to the large one's, straight and curved, and to the other small one's. */
  readonly lines: {
    readonly pair: readonly LineLoss[] | null;
    readonly curved: readonly LineLoss[] | null;
    readonly twins: readonly LineLoss[] | null;
  };
}

const solution = z.strictObject({
  step: z.int().positive(),
  loss: z.number(),
  validationAccuracy: z.number(),
  testAccuracy: z.number(),
  testLoss: z.number(),
  distance: z.number(),
  sharpness: sharpnessSchema,
});
const lineLosses = z
  .array(
    z.strictObject({
      alpha: z.number(),
      loss: z.number(),
      accuracy: z.number(),
      testLoss: z.number(),
      testAccuracy: z.number(),
    }),
  )
  .nullable();
const evidence: z.ZodType<PairsEvidence> = z.strictObject({
  arms: z.array(
    z.strictObject({
      batch: z.enum(['small', 'large']),
      lr: z.number(),
      order: z.int().nonnegative(),
      solutions: z.array(solution.nullable()),
    }),
  ),
  lines: z.strictObject({ pair: lineLosses, curved: lineLosses, twins: lineLosses }),
});

const standard: PairsProtocol = {
  data: 'fashion-mnist?average_pool=2',
  examples: 2000,
  labelNoise: 0.1,
  hidden: 64,
  smallBatch: 32,
  largeBatch: 200,
  lr: 0.004,
  smallRates: [0.002, 0.004, 0.008],
  largeRates: [0.002, 0.004, 0.008],
  goals: [0.2, 0.4],
  epsilons: [1e-3, 5e-3],
  points: 25,
  smallEpochs: 100,
  largeEpochs: 160,
  units: 12,
  seed: 1000,
};

/** The small and the large batch at one training loss: what Keskar's claims are judged by. */
export const pairsStudy: Study<PairsProtocol, PairsCell, PairsEvidence> = {
  id: 'small-and-large',
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
    lr: 'ε of Adam of the pair that differs in B alone',
    smallRates: 'ε from which the small batch’s best is chosen',
    largeRates: 'ε from which the large batch’s best is chosen',
    goals: 'training losses at which solutions are compared',
    epsilons: 'ε of the boxes of φ, at the lowest of these losses',
    points: 'points of a line from α = −1 to 2',
    smallEpochs: 'passes of the small batch over the data at the most',
    largeEpochs: 'and of the large one',
    units: 'trunks, each with its own subset, label noise, initial weights and orders',
    seed: 'of the first trunk',
  },
  series: { [TRAINING_CHART]: { x: { label: 'step' }, y: { label: 'loss', log: true } } },
  evidence,

  cells({ units, seed, ...protocol }) {
    const { lr, smallRates, largeRates } = protocol;
    requireAtLeast({ id: pairsStudy.id }, 3, { points: protocol.points });
    for (const [part, rates] of Object.entries({ smallRates, largeRates })) {
      if (!rates.includes(lr))
        throw refused(
          { id: pairsStudy.id },
          part,
          `is ${rates.join(', ')}, expected ${lr} among them, the ε of the pair`,
        );
    }
    return Array.from({ length: units }, (_, u) => ({ ...protocol, unit: seed + u }));
  },

  cost: ({ examples, largeRates, smallRates, hidden }) => ({
    seconds: 5 + examples / 18,
    bytes: perceptronBytes({
      widths: [PIXELS, hidden, hidden, 10],
      examples: examples + TESTED,
      replicas: Math.max(largeRates.length, smallRates.length + 1),
    }),
  }),

  async *run(gpu, cell, host) {
    yield { type: 'phase', phase: 'reading data' };
    const task = await unitTask(cell, host);
    const { model, start, train } = task;
    const { goals, examples, lr } = cell;
    const order = (place: number): number => (deriveSeed(cell.unit, 'order') + place) % 2 ** 32;

    const planned = {
      small: [...cell.smallRates.map((rate) => ({ lr: rate, order: 0 })), { lr, order: 1 }],
      large: cell.largeRates.map((rate) => ({ lr: rate, order: 0 })),
    };
    const arms: (Omit<Arm, 'solutions'> & { readonly solutions: readonly (Solution | null)[] })[] = [];
    for (const batch of ['small', 'large'] as const) {
      const batchSize = batch === 'small' ? cell.smallBatch : cell.largeBatch;
      yield { type: 'phase', phase: `training, B = ${batchSize}` };
      const epoch = Math.ceil(examples / batchSize);
      const found = yield* trainToGoals(gpu, {
        task,
        batchSize,
        runs: planned[batch].map((arm) => ({ lr: arm.lr, seed: order(arm.order), start })),
        goals,
        lookEvery: batch === 'small' ? epoch : 2 * epoch,
        most: epoch * (batch === 'small' ? cell.smallEpochs : cell.largeEpochs),
        name: `B = ${batchSize}`,
      });
      planned[batch].forEach((arm, i) => {
        arms.push({ batch, ...arm, solutions: found[i]! });
      });
    }

    const measured: Arm[] = [];
    for (const arm of arms) {
      const solutions: (MeasuredSolution | null)[] = [];
      for (const [g, found] of arm.solutions.entries()) {
        yield { type: 'phase', phase: `sharpness of ${arm.batch} batch, ε = ${arm.lr}, loss ${goals[g]}` };
        if (!found) {
          solutions.push(null);
          continue;
        }
        const { step, loss, weights, validation, test } = found;
        solutions.push({
          step,
          loss,
          validationAccuracy: validation.accuracy!,
          testAccuracy: test.accuracy!,
          testLoss: test.loss,
          distance: distanceOf(weights, start),
          sharpness: await measureSharpness(
            gpu,
            { model, weights, dataset: train },
            arm.lr === lr && g === 0 ? cell.epsilons : [],
          ),
        });
      }
      measured.push({ ...arm, solutions });
    }

    yield { type: 'phase', phase: 'lines' };
    const at = (batch: Arm['batch'], place: number): Solution | null =>
      arms.find((arm) => arm.batch === batch && arm.lr === lr && arm.order === place)!.solutions[0]!;
    const between = async (to: Solution | null, curved: boolean): Promise<LineLoss[] | null> => {
      const from = at('small', 0);
      if (!from || !to) return null;
      const { points } = await line(gpu, {
        model,
        data: train,
        test: task.test,
        from: from.weights,
        to: to.weights,
        points: cell.points,
        curved,
      });
      return points.flatMap(({ t, loss, accuracy, testLoss, testAccuracy }) =>
        loss === null || testLoss === null
          ? []
          : [{ alpha: t, loss, accuracy: accuracy!, testLoss, testAccuracy: testAccuracy! }],
      );
    };
    return {
      arms: measured,
      lines: {
        pair: await between(at('large', 0), false),
        curved: await between(at('large', 0), true),
        twins: await between(at('small', 1), false),
      },
    };
  },
};

export type PairsFound = readonly CellEvidence<PairsCell, PairsEvidence>[];
