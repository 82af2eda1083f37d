import { z } from 'zod';
import type { Dataset } from '../../../data/dataset.ts';
import { firstExamples } from '../../../data/firstExamples.ts';
import { loadDataset } from '../../../data/loadDataset.ts';
import type { Gpu } from '../../../gpu/device.ts';
import { noise } from '../../../measure/noise.ts';
import { linear, relu, sequential } from '../../../nn/layers.ts';
import type { LayerSpec, LossName } from '../../../nn/modelSpec.ts';
import { purpose } from '../../../random/purpose.ts';
import { threefry2x32 } from '../../../random/threefry.ts';
import { train } from '../../../train/train.ts';
import type { Study } from '../../claim.ts';
import type { CellEvent } from '../../experiment.ts';
import { requireAtLeast } from '../../protocol.ts';
import { perceptron } from '../perceptron.ts';
import { unitData } from '../unitData.ts';
import { GoalSteps } from './goalSteps.ts';

/**
 * Steps to a goal loss at every batch size, each at rates a factor 2 apart about ε_central(B) = ε₀/(1 + B₀/B) (the paper's appendix), of which
 * the best is found between the grid's: for a classifier and for an autoencoder. Batches are drawn with replacement; the goal is of
 * the loss over the first examples that a unit trains on. The run of the largest batch is made once more at its best ε, and noise scales are
 * measured along it: B_crit is the mean of B_noise over a run without noise. Beside them, the classifier at one ε for all B.
 */
export type BatchSweepProtocol = {
  readonly data: string;
  readonly hidden: number;
  readonly bottleneck: number;
  readonly examples: number;
  readonly evaluated: number;
  readonly batchSizes: readonly number[];
  readonly goals: readonly number[];
  readonly lr: number;
  readonly centralBatch: number;
  readonly autoencoderBatchSizes: readonly number[];
  readonly autoencoderGoals: readonly number[];
  readonly autoencoderLr: number;
  readonly autoencoderCentralBatch: number;
  readonly factors: readonly number[];
  readonly orders: number;
  readonly untunedLr: number;
  readonly untunedBatchSizes: readonly number[];
  readonly looks: number;
  readonly noiseLooks: number;
  readonly probes: number;
  readonly most: number;
  readonly mostSteps: number;
  readonly units: number;
  readonly seed: number;
};

export type Task = 'classifier' | 'autoencoder';

export type BatchSweepCell = {
  readonly unit: number;
  readonly task: Task;
  readonly batchSize: number;
  /** Rates of the grid; of an untuned arm the one that all batches have. */
  readonly rates: readonly number[];
  readonly tuned: boolean;
  /** Whether noise scales are measured along the best run. */
  readonly noise: boolean;
} & Pick<
  BatchSweepProtocol,
  | 'data'
  | 'hidden'
  | 'bottleneck'
  | 'examples'
  | 'evaluated'
  | 'goals'
  | 'looks'
  | 'orders'
  | 'noiseLooks'
  | 'probes'
  | 'most'
  | 'mostSteps'
>;

/** Steps to each goal at one rate; null where it did not come to it. */
export interface RateSteps {
  readonly lr: number;
  readonly steps: readonly (number | null)[];
}

/** Noise scales after so many steps of the run of the largest batch; null where they are not resolved. */
export interface NoiseAlong {
  readonly step: number;
  readonly loss: number;
  readonly bSimple: number | null;
  readonly bNoise: number | null;
}

export interface BatchSweepEvidence {
  readonly rates: readonly RateSteps[];
  readonly noise: readonly NoiseAlong[];
}

const standard: BatchSweepProtocol = {
  data: 'mnist?average_pool=4',
  hidden: 32,
  bottleneck: 8,
  examples: 16384,
  evaluated: 2048,
  batchSizes: [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
  goals: [0.35, 0.45, 0.6],
  lr: 1.6,
  centralBatch: 24,
  autoencoderBatchSizes: [1, 2, 4, 8, 16, 32, 64, 128],
  autoencoderGoals: [0.019, 0.022, 0.025],
  autoencoderLr: 10,
  autoencoderCentralBatch: 10,
  factors: [0.25, 0.5, 1, 2, 4],
  orders: 2,
  untunedLr: 0.03125,
  untunedBatchSizes: [2, 8, 32, 128],
  looks: 12,
  noiseLooks: 24,
  probes: 8,
  most: 1_500_000,
  mostSteps: 30_000,
  units: 5,
  seed: 1000,
};

const number = z.number().nullable();

export const batchSweep: Study<BatchSweepProtocol, BatchSweepCell, BatchSweepEvidence> = {
  id: 'batch-sweep',
  version: 1,
  presets: {
    quick: {
      ...standard,
      batchSizes: [8, 64, 512],
      autoencoderBatchSizes: [4, 32, 128],
      untunedBatchSizes: [8, 32],
      goals: [0.5, 0.7],
      autoencoderGoals: [0.024, 0.026],
      noiseLooks: 8,
      orders: 1,
      units: 2,
      seed: 0,
    },
    standard,
  },
  parts: {
    data: 'data set, by name or file',
    hidden: 'hidden units of the classifier, and of the autoencoder about its bottleneck',
    bottleneck: 'units of the autoencoder’s narrowest layer',
    examples: 'N that a run trains on',
    evaluated: 'of these, the first, whose loss is that of the goal',
    batchSizes: 'B of the classifier’s runs',
    goals: 'losses of the classifier, cross-entropy',
    lr: 'ε₀ of the classifier’s grid',
    centralBatch: 'B₀ of it',
    autoencoderBatchSizes: 'B of the autoencoder’s runs',
    autoencoderGoals: 'losses of the autoencoder, mean squared error of a pixel',
    autoencoderLr: 'ε₀ of the autoencoder’s grid',
    autoencoderCentralBatch: 'B₀ of it',
    factors: 'of ε over ε₀/(1 + B₀/B), the grid of each B',
    orders: 'draws of the batches, over which a unit’s steps are averaged',
    untunedLr: 'ε of the control, the same for all B',
    untunedBatchSizes: 'B of the control',
    looks: 'at the loss from a step to twice as many',
    noiseLooks: 'measurements of the noise scales along a run',
    probes: 'random signs behind tr(HΣ)',
    most: 'examples after which a run gives up',
    mostSteps: 'steps after which it does',
    units: 'replicates of all runs',
    seed: 'of the first unit; the others’ follow',
  },
  evidence: z.strictObject({
    rates: z.array(z.strictObject({ lr: z.number(), steps: z.array(number) })),
    noise: z.array(z.strictObject({ step: z.int(), loss: z.number(), bSimple: number, bNoise: number })),
  }),

  cells(protocol) {
    const { units, seed, batchSizes, goals, factors, autoencoderGoals, autoencoderBatchSizes } = protocol;
    requireAtLeast(batchSweep, 2, { units, factors });
    requireAtLeast(batchSweep, 3, { batchSizes, autoencoderBatchSizes });
    requireAtLeast(batchSweep, 1, { goals, autoencoderGoals });
    const { data, hidden, bottleneck, examples, evaluated, looks, noiseLooks, probes, most, mostSteps } =
      protocol;
    const all = {
      data,
      hidden,
      bottleneck,
      examples,
      evaluated,
      looks,
      orders: protocol.orders,
      noiseLooks,
      probes,
      most,
      mostSteps,
    };
    const { lr, centralBatch, autoencoderLr, autoencoderCentralBatch } = protocol;
    const sweep = (unit: number, task: Task, sizes: readonly number[], ofTask: object): BatchSweepCell[] => {
      const classifies = task === 'classifier';
      const [best, central] = classifies ? [lr, centralBatch] : [autoencoderLr, autoencoderCentralBatch];
      return sizes.map((batchSize) => ({
        unit,
        task,
        batchSize,
        rates: factors.map((factor) => (factor * best) / (1 + central / batchSize)),
        tuned: true,
        noise: batchSize === sizes.at(-1),
        goals,
        ...all,
        ...ofTask,
      }));
    };
    return Array.from({ length: units }, (_, u) => seed + u).flatMap((unit) => [
      ...sweep(unit, 'classifier', batchSizes, { goals }),
      ...sweep(unit, 'autoencoder', autoencoderBatchSizes, { goals: autoencoderGoals }),
      ...sweep(unit, 'classifier', protocol.untunedBatchSizes, {
        goals,
        rates: [protocol.untunedLr],
        tuned: false,
        noise: false,
      }),
    ]);
  },
  cost: ({ task, batchSize, rates, orders, tuned, noise, goals, evaluated, looks, noiseLooks }) => {
    // What the pilot's runs took, at its goals; easier ones take less.
    const [hardest, least, critical, perExample] =
      task === 'classifier' ? [0.35, 200, 60, 2.3e-6] : [0.019, 300, 8, 6e-6];
    const share = (hardest / goals[0]!) ** 2;
    const steps = share * (tuned ? PATIENCE * least * (1 + critical / batchSize) : 11_000);
    const replicas = rates.length * orders;
    return {
      seconds:
        3 +
        steps * (0.0004 + 0.000_04 * replicas + batchSize * replicas * perExample) +
        looks * Math.log2(steps) * evaluated * replicas * 0.4 * perExample +
        (noise ? noiseLooks * 0.25 : 0),
      bytes: 4 * 120 * 16_384 + 4 * 400 * batchSize * replicas + 2 ** 26,
    };
  },

  async *run(gpu, cell, host) {
    const { unit, task, data, batchSize, rates, goals } = cell;
    yield { type: 'phase', phase: `unit ${unit}, ${task}, B = ${batchSize}` };
    const { train: own } = unitData(await loadDataset(data, host), cell);
    const trained = task === 'classifier' ? classifier(own, cell) : autoencoder(own, cell);
    const found = yield* stepsToGoals(gpu, trained, cell);
    const bests = goals.map((_, g) =>
      Math.min(...found.map(({ steps }) => steps[g] ?? Number.POSITIVE_INFINITY)),
    );
    const least = bests[0]!;
    if (!cell.noise || !Number.isFinite(least)) return { rates: found, noise: [] };
    const best = found.findIndex(({ steps }) => steps[0] === least);
    return { rates: found, noise: yield* noiseAlong(gpu, trained, cell, rates[best]!, Math.ceil(least)) };
  },
};

/** A model, its loss and what it trains on. */
interface Trained {
  readonly layers: LayerSpec[];
  readonly loss: LossName;
  readonly own: Dataset;
}

function classifier(own: Dataset, { hidden }: BatchSweepCell): Trained {
  return { layers: perceptron(own, hidden), loss: 'cross_entropy', own };
}

/** Inputs are the targets: 49-32-8-32-49 of pixels between 0 and 1. */
function autoencoder({ x, ...own }: Dataset, { hidden, bottleneck }: BatchSweepCell): Trained {
  const width = own.exampleShape.reduce((product, extent) => product * extent, 1);
  const y = x instanceof Float32Array ? x : Float32Array.from(x, (value) => value / 255);
  return {
    layers: sequential(
      linear(width, hidden),
      relu(),
      linear(hidden, bottleneck),
      relu(),
      linear(bottleneck, hidden),
      relu(),
      linear(hidden, width),
    ),
    loss: 'mse',
    own: { ...own, x, targets: { kind: 'values', y, width } },
  };
}

/** How many times the best run's steps to the hardest goal the others are given. */
const PATIENCE = 2;

/** Trains at all rates at once until each has come to its goals, has diverged, or is too slow to matter. */
async function* stepsToGoals(
  gpu: Gpu,
  { layers, loss, own }: Trained,
  { unit, batchSize, rates, goals, evaluated, looks, orders, most, mostSteps }: BatchSweepCell,
): AsyncGenerator<CellEvent, RateSteps[], void> {
  const steps = Math.min(mostSteps, Math.ceil(most / batchSize));
  using run = await train(gpu, {
    model: layers,
    loss,
    data: own,
    batchSize,
    steps,
    order: 'iid',
    seed: unit,
    grid: { lr: [...rates], orderSeed: Array.from({ length: orders }, (_, o) => orderSeed(unit, o)) },
  });
  const seen = firstExamples(own, evaluated);
  const watches = rates.flatMap(() => Array.from({ length: orders }, () => new GoalSteps(goals)));
  for (let step = 0; ; ) {
    const losses = await run.evaluate(seen);
    losses.forEach((found, r) => {
      watches[r]!.look(step, found.loss);
    });
    const first = Math.min(...watches.map(({ last }) => last ?? Number.POSITIVE_INFINITY));
    if (step >= steps || step >= PATIENCE * first || watches.every(({ done }) => done)) break;
    const next = Math.min(steps, Math.max(step + 1, Math.round(step * 2 ** (1 / looks))));
    for await (const _ of run.readings(next));
    if (run.steps < next) break;
    step = next;
    yield { type: 'progress', done: step, total: steps, unit: 'steps' };
  }
  return rates.map((lr, r) => {
    const draws = watches.slice(r * orders, (r + 1) * orders);
    return { lr, steps: goals.map((_, g) => geometricMean(draws.map(({ steps: each }) => each[g]!))) };
  });
}

/** null where one of them is. */
function geometricMean(values: readonly (number | null)[]): number | null {
  if (values.includes(null)) return null;
  return Math.exp(values.reduce((sum: number, value) => sum + Math.log(value!), 0) / values.length);
}

/** Of a unit's draws of batches. */
function orderSeed(unit: number, order: number): number {
  return threefry2x32(unit, purpose.experimentPart, order, 0)[0];
}

/** Measures B_simple and B_noise at even distances along a run. */
async function* noiseAlong(
  gpu: Gpu,
  { layers, loss, own }: Trained,
  { unit, batchSize, evaluated, noiseLooks, probes }: BatchSweepCell,
  lr: number,
  steps: number,
): AsyncGenerator<CellEvent, NoiseAlong[], void> {
  using run = await train(gpu, {
    model: layers,
    loss,
    data: own,
    batchSize,
    steps,
    order: 'iid',
    seed: unit,
    orderSeed: orderSeed(unit, 0),
    lr,
  });
  const seen = firstExamples(own, evaluated);
  const found: NoiseAlong[] = [];
  const at = Array.from({ length: noiseLooks }, (_, i) => Math.round(((i + 0.5) / noiseLooks) * steps));
  for (const step of new Set(at)) {
    for await (const _ of run.readings(step));
    using point = await run.point(undefined, { mode: 'eval', data: seen });
    const {
      loss: there,
      bSimple,
      bSimpleResolved,
      bNoise,
    } = await point.measure(noise({ probes, seed: unit }));
    const positive = (value: number | null): number | null => (value !== null && value > 0 ? value : null);
    const simple = bSimpleResolved ? positive(bSimple.value) : null;
    found.push({ step, loss: there, bSimple: simple, bNoise: positive(bNoise.value) });
    yield { type: 'progress', done: step, total: steps, unit: 'steps' };
  }
  return found;
}
