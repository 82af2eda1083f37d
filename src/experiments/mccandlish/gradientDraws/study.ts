import { z } from 'zod';
import type { Dataset } from '../../../data/dataset.ts';
import { fitDataset } from '../../../data/dataset.ts';
import { loadDataset } from '../../../data/loadDataset.ts';
import type { Gpu } from '../../../gpu/device.ts';
import { Scope } from '../../../gpu/scope.ts';
import { State } from '../../../gpu/state.ts';
import { GradientDraws } from '../../../measure/gradient/gradientDraws.ts';
import { gradientMoments } from '../../../measure/gradient/gradientMoments.ts';
import { openPoint } from '../../../measure/openPoint.ts';
import type { Point } from '../../../measure/pass.ts';
import { dot64 } from '../../../measure/statistics/dot64.ts';
import { modelFrom } from '../../../nn/modelFrom.ts';
import type { ModelSpec } from '../../../nn/modelSpec.ts';
import { purpose } from '../../../random/purpose.ts';
import { threefry2x32 } from '../../../random/threefry.ts';
import { train } from '../../../train/train.ts';
import type { Study } from '../../claim.ts';
import type { CellEvent } from '../../experiment.ts';
import { perceptron } from '../perceptron.ts';
import { unitData } from '../unitData.ts';

/**
 * How far gradients of mini-batches are from that of all examples, at frozen points of training. A unit's N examples are its population:
 * G and Σ (divisor N) are theirs. At each point `draws` mini-batches of every size are drawn from them with replacement, and |G_B − G|² is
 * averaged. Beside them, batches whose examples are all of one class: of a class after the other, B of its own examples.
 */
export type GradientDrawsProtocol = {
  readonly data: string;
  readonly hidden: number;
  readonly examples: number;
  readonly batchSizes: readonly number[];
  readonly draws: number;
  readonly checkpoints: readonly number[];
  readonly lr: number;
  readonly batchSize: number;
  readonly units: number;
  readonly seed: number;
};

export type GradientDrawsCell = Omit<GradientDrawsProtocol, 'units' | 'seed' | 'checkpoints'> & {
  readonly unit: number;
  readonly step: number;
};

/** The mean of |G_B − G|² over the draws at one batch size. */
export interface MeanDistance {
  readonly batchSize: number;
  readonly mean: number;
}

export interface GradientDrawsEvidence {
  readonly loss: number;
  /** |G|² and tr Σ of the population. */
  readonly gradNormSq: number;
  readonly traceCovariance: number;
  readonly mixed: readonly MeanDistance[];
  /** Batches of one class. */
  readonly oneClass: readonly MeanDistance[];
}

const standard: GradientDrawsProtocol = {
  data: 'mnist?average_pool=2',
  hidden: 64,
  examples: 2048,
  batchSizes: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
  draws: 60,
  checkpoints: [10, 100, 1000],
  lr: 0.1,
  batchSize: 32,
  units: 5,
  seed: 1000,
};

const distances = z.array(z.strictObject({ batchSize: z.int().positive(), mean: z.number() }));

export const gradientDraws: Study<GradientDrawsProtocol, GradientDrawsCell, GradientDrawsEvidence> = {
  id: 'gradient-draws',
  version: 1,
  presets: {
    quick: {
      ...standard,
      draws: 20,
      batchSizes: [1, 4, 16, 64, 256],
      checkpoints: [10, 100],
      units: 2,
      seed: 0,
    },
    standard,
  },
  parts: {
    data: 'data set, by name or file',
    hidden: 'units of the perceptron’s hidden layer',
    examples: 'N of each unit’s population, drawn from the training set',
    batchSizes: 'B of the mini-batches that are drawn',
    draws: 'mini-batches at each batch size',
    checkpoints: 'steps at which each unit is frozen',
    lr: 'ε of the units',
    batchSize: 'B of the units',
    units: 'runs that are frozen, the replicates',
    seed: 'of the first unit; the others’ follow',
  },
  evidence: z.strictObject({
    loss: z.number(),
    gradNormSq: z.number(),
    traceCovariance: z.number(),
    mixed: distances,
    oneClass: distances,
  }),
  cells: ({ units, seed, checkpoints, ...rest }) =>
    Array.from({ length: units }, (_, u) => seed + u).flatMap((unit) =>
      checkpoints.map((step) => ({ unit, step, ...rest })),
    ),
  // A program for each batch size, at the population and at ten classes; then the draws of both.
  cost: ({ draws, batchSizes, step }) => ({
    seconds: 0.7 + 0.15 * batchSizes.length + 0.004 * draws * batchSizes.length + 0.0007 * step,
    bytes: 2 ** 26,
  }),

  async *run(gpu, cell, host) {
    const { unit, step, data, hidden, examples, lr, batchSize, batchSizes, draws } = cell;
    yield { type: 'phase', phase: `unit ${unit}: training to step ${step}` };
    const { train: population } = unitData(await loadDataset(data, host), { unit, examples });
    const layers = perceptron(population, hidden);
    const scope = new Scope();
    try {
      const run = scope.own(
        await train(gpu, { model: layers, data: population, lr, batchSize, steps: step, seed: unit }),
      );
      for await (const reading of run.readings()) {
        if (reading.step % 100 === 0)
          yield { type: 'progress', done: reading.step, total: step, unit: 'steps' };
      }
      const weights = new Map([...(await run.stateDict())].map(([name, { data: values }]) => [name, values]));
      const model = modelFrom('model', layers);
      const at = (dataset: Dataset): Point =>
        frozen(gpu, scope, model, dataset, weights as Map<string, Float32Array>);
      const point = at(population);
      const { mean, centredSquares, perExampleLoss } = await gradientMoments(gpu, point);
      yield { type: 'phase', phase: `unit ${unit}: drawing at step ${step}` };
      const seed = threefry2x32(unit, purpose.experimentPart, step, 0)[0];
      const work: DrawnWork = { gpu, scope, G: mean, batchSizes };
      const mixed = yield* meanDistances(work, [point], draws, seed);
      const classes = byClass(population)
        .filter((of) => of.examples >= 2)
        .map(at);
      const each = Math.ceil(draws / classes.length);
      const oneClass = yield* meanDistances(work, classes, each, seed);
      const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
      return {
        loss: sum(perExampleLoss) / examples,
        gradNormSq: dot64(mean, mean),
        traceCovariance: sum(centredSquares) / examples,
        mixed,
        oneClass,
      };
    } finally {
      scope.dispose();
    }
  },
};

interface DrawnWork {
  readonly gpu: Gpu;
  readonly scope: Scope;
  readonly G: Float32Array;
  readonly batchSizes: readonly number[];
}

/** The mean of |G_B − G|² over draws from each of several points in turn, by batch size. */
async function* meanDistances(
  { gpu, scope, G, batchSizes }: DrawnWork,
  points: readonly Point[],
  draws: number,
  seed: number,
): AsyncGenerator<CellEvent, MeanDistance[], void> {
  const sums = batchSizes.map(() => 0);
  for (const [p, point] of points.entries()) {
    const into = scope.own(new State(gpu, { label: 'gradient of a draw', shape: [point.layout.length] }));
    const drawn = scope.own(await GradientDraws.open(gpu, point, { batchSizes, seed: seed + p, into }));
    for (const [b, batchSize] of batchSizes.entries()) {
      for (let k = 0; k < draws; k++) {
        drawn.draw(batchSize);
        sums[b]! += distanceSq(await into.read(), G);
      }
      const done = (p * batchSizes.length + b + 1) * draws;
      yield { type: 'progress', done, total: points.length * batchSizes.length * draws, unit: 'draws' };
    }
  }
  return batchSizes.map((batchSize, b) => ({ batchSize, mean: sums[b]! / draws / points.length }));
}

/** Padding between parameters is zero in both. */
function distanceSq(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);
}

function frozen(
  gpu: Gpu,
  scope: Scope,
  model: ModelSpec,
  data: Dataset,
  weights: ReadonlyMap<string, Float32Array>,
): Point {
  const { dataset } = fitDataset(data, model, 'model');
  const { point, dispose } = openPoint(gpu, { model, mode: 'eval', dataset, weights });
  scope.own({ dispose });
  return point;
}

/** A data set for each class, of the examples that have it. */
function byClass(dataset: Dataset): Dataset[] {
  const { name, x, exampleShape, targets } = dataset;
  if (targets.kind !== 'classes') return [];
  const features = exampleShape.reduce((product, extent) => product * extent, 1);
  return Array.from({ length: targets.classes }, (_, c) => {
    const places = [...targets.labels.keys()].filter((n) => targets.labels[n] === c);
    const values = new (x.constructor as new (length: number) => typeof x)(places.length * features);
    places.forEach((place, i) => {
      values.set(x.subarray(place * features, (place + 1) * features), i * features);
    });
    const labels = new Uint32Array(places.length).fill(c);
    return { name, x: values, exampleShape, targets: { ...targets, labels }, examples: places.length };
  });
}
