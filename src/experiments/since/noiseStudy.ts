import { z } from 'zod';
import { withDataOptions } from '../../data/dataOptions.ts';
import { type Dataset, fitDataset } from '../../data/dataset.ts';
import { firstExamples } from '../../data/firstExamples.ts';
import { loadDataset } from '../../data/loadDataset.ts';
import type { Gpu } from '../../gpu/device.ts';
import { State } from '../../gpu/state.ts';
import { slopesAlong } from '../../measure/gradient/slopesAlong.ts';
import { WeightedGradients } from '../../measure/gradient/weightedGradient.ts';
import { distanceBetween } from '../../measure/landscape/flatGeometry.ts';
import { modelPoint } from '../../measure/modelPoint.ts';
import { openPoint } from '../../measure/openPoint.ts';
import { dot64 } from '../../measure/statistics/dot64.ts';
import { flatValues, namedValues } from '../../nn/flatValues.ts';
import { parameterLayout } from '../../nn/forward.ts';
import { initialStateDict } from '../../nn/init.ts';
import { type ModelSpec, parseModel } from '../../nn/modelSpec.ts';
import { dimension } from '../../ops/flat.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import { purpose } from '../../random/purpose.ts';
import { threefry2x32 } from '../../random/threefry.ts';
import type { Study } from '../claim.ts';
import { relay } from '../relay.ts';
import { batchWeights, signWeights, svagWeights, type WeightsOf, wholeWeights } from './exampleWeights.ts';
import { type Descent, ROWS, weighedDescent } from './weighedDescent.ts';

/**
 * The noise of mini-batches, put in the place of itself. A unit is a perceptron with its own initial weights, subset and label noise; from the same
 * weights go, for as much of ε times steps: SGD with batches of B drawn with replacement; gradient descent; the same with noise of SGD's covariance at
 * each step, by centred signs; the same with isotropic noise of equal trace; and SVAG. Of each that has noise several runs with draws of their own, which are
 * averaged: they share the unit's trunk, so they are no units.
 */
export type NoiseProtocol = {
  readonly data: string;
  readonly examples: number;
  readonly labelNoise: number;
  readonly hidden: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly steps: number;
  readonly svag: number;
  readonly draws: number;
  readonly covarianceDraws: number;
  readonly eigenvectors: number;
  readonly tested: number;
  readonly units: number;
  readonly seed: number;
};

export type NoiseCell = Omit<NoiseProtocol, 'units' | 'seed'> & { readonly unit: number };

export const NOISE_ARMS = ['sgd', 'covariance', 'isotropic', 'svag', 'whole'] as const;
export type NoiseArm = (typeof NOISE_ARMS)[number];

/** What an arm came to, by its runs. */
export interface ArmEnds {
  readonly lambda: readonly number[];
  /** |θ − θ₀|. */
  readonly distance: readonly number[];
  readonly trainLoss: readonly number[];
  readonly testLoss: readonly number[];
}

export interface NoiseEvidence {
  readonly arms: Readonly<Record<string, ArmEnds>>;
  /** Variances of the noise along the Hessian's first eigenvectors, at the end of gradient descent. */
  readonly covariance: {
    /** vᵀΣv/B by each example's slope. */
    readonly exact: readonly number[];
    /** Mean square over the draws of centred signs. */
    readonly drawn: readonly number[];
    readonly draws: number;
    /** tr Σ/(BP), by the draws' lengths: that of isotropic noise of equal trace along any direction. */
    readonly isotropic: number;
  };
}

const list = z.array(z.number());
const ends: z.ZodType<ArmEnds> = z.strictObject({
  lambda: list,
  distance: list,
  trainLoss: list,
  testLoss: list,
});

const STANDARD: NoiseProtocol = {
  data: 'mnist?average_pool=2',
  examples: 256,
  labelNoise: 0.1,
  hidden: 16,
  batchSize: 8,
  lr: 0.1,
  steps: 1152,
  svag: 4,
  draws: 3,
  covarianceDraws: 256,
  eigenvectors: 10,
  tested: 2000,
  units: 8,
  seed: 1000,
};

/** Seconds on SwiftShader with two cores, of a step of a run by example and hidden unit; and of what is measured at an end. */
const STEP = 3.3e-7;
const END = 0.15;

/** Draws of the noise whose gradients are on the device at once. */
const AT_ONCE = 16;

export const noiseStudy: Study<NoiseProtocol, NoiseCell, NoiseEvidence> = {
  id: 'noise-replayed',
  version: 1,
  presets: {
    quick: { ...STANDARD, steps: 256, draws: 2, covarianceDraws: 64, tested: 500, units: 2, seed: 0 },
    standard: STANDARD,
  },
  parts: {
    data: 'data set of classes, by name or file',
    examples: 'N, drawn by each unit',
    labelNoise: 'share of labels that are replaced',
    hidden: 'units of the perceptron’s hidden layer',
    batchSize: 'B',
    lr: 'ε',
    steps: `of SGD, a multiple of ${ROWS}`,
    svag: 'l of SVAG, which takes l times as many steps of ε/l',
    draws: 'runs of each arm with noise',
    covarianceDraws: `of the noise whose covariance is held against Σ, a multiple of ${AT_ONCE}`,
    eigenvectors: 'of the Hessian, along which it is',
    tested: 'examples of the test data, the first',
    units: 'perceptrons',
    seed: 'of the first',
  },
  evidence: z.strictObject({
    arms: z.record(z.string(), ends),
    covariance: z.strictObject({ exact: list, drawn: list, draws: z.number(), isotropic: z.number() }),
  }),
  cells({ units, seed, ...of }) {
    return Array.from({ length: units }, (_, u) => ({ ...of, unit: seed + u }));
  },
  cost({ examples, hidden, steps, svag, draws }) {
    // SGD and signs, isotropic noise by two gradients, SVAG by l times as many steps, and gradient descent once.
    const gradients = steps * ((2 + 2 + svag) * draws + 1);
    return {
      seconds: 3 + STEP * gradients * examples * hidden + END * (4 * draws + 2),
      bytes: 4 * draws * examples * (2 * ROWS + 4 * hidden) + 4e6,
    };
  },
  async *run(gpu, cell, host) {
    yield { type: 'phase', phase: 'reading data' };
    const { data, examples, labelNoise, unit, steps, draws, svag, batchSize } = cell;
    const loaded = withDataOptions(await loadDataset(data, host), {
      subset: examples,
      labelNoise,
      dataSeed: deriveSeed(unit, 'data'),
    });
    const model = perceptron(loaded, cell.hidden);
    const train = fitDataset(loaded, model, 'model').dataset;
    const test = firstExamples(fitDataset(loaded.test!, model, 'model').dataset, cell.tested);
    const layout = parameterLayout(model);
    const initial = initialStateDict(model, deriveSeed(unit, 'init'));
    const start = flatValues(layout, new Map([...initial].map(([name, { data: values }]) => [name, values])));
    const of = { model, dataset: train, start };
    const weighing = (part: number): WeightsOf => ({
      examples,
      batchSize,
      seed: threefry2x32(unit, purpose.experimentPart, part, 0)[0],
    });
    const runs = (arm: NoiseArm): Descent[] =>
      Array.from({ length: arm === 'whole' ? 1 : draws }, (_, draw) =>
        descentOf(arm, weighing(1 + NOISE_ARMS.indexOf(arm) * draws + draw), cell),
      );
    const found: Record<string, Float32Array[]> = {};
    for (const arms of [['sgd', 'covariance', 'whole'], ['svag'], ['isotropic']] as const) {
      yield { type: 'phase', phase: arms.join(', ') };
      const each = arms.map(runs);
      const total = steps * (arms[0] === 'svag' ? svag : 1);
      const all = yield* relay(weighedDescent(gpu, of, each.flat(), total), function* (done) {
        yield { type: 'progress' as const, done, total, unit: 'steps' as const };
      });
      arms.forEach((arm, i) => {
        found[arm] = all.splice(0, each[i]!.length);
      });
    }
    yield { type: 'phase', phase: 'measuring' };
    const arms: Record<string, ArmEnds> = {};
    for (const [i, arm] of NOISE_ARMS.entries()) {
      const [lambda, trainLoss, testLoss] = [[], [], []] as [number[], number[], number[]];
      for (const theta of found[arm]!) {
        const at = await measuredAt(gpu, model, train, test, theta);
        lambda.push(at.lambda);
        trainLoss.push(at.trainLoss);
        testLoss.push(at.testLoss);
      }
      const distance = found[arm]!.map((theta) => distanceBetween(theta, start));
      arms[arm] = { lambda, distance, trainLoss, testLoss };
      yield { type: 'progress', done: i + 1, total: NOISE_ARMS.length, unit: 'rounds' };
    }
    yield { type: 'phase', phase: 'covariance of the noise' };
    const covariance = await covarianceAlong(gpu, model, train, found.whole![0]!, weighing(0), cell);
    return { arms, covariance };
  },
};

/** A run of an arm. @param of its draws */
function descentOf(arm: NoiseArm, of: WeightsOf, { lr, svag }: NoiseCell): Descent {
  const whole = wholeWeights(of);
  const plain = { rate: lr, seed: of.seed };
  switch (arm) {
    case 'sgd':
      return { ...plain, weights: (step) => batchWeights(of, step) };
    case 'covariance':
      return { ...plain, weights: (step) => plus(whole, signWeights(of, step)) };
    case 'isotropic':
      return { ...plain, weights: () => whole, isotropic: (step) => signWeights(of, step) };
    case 'svag':
      return { ...plain, rate: lr / svag, weights: (step) => svagWeights(of, step, svag) };
    case 'whole':
      return { ...plain, weights: () => whole };
  }
}

function plus(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value + b[i]!);
}

function perceptron({ exampleShape, targets }: Dataset, hidden: number): ModelSpec {
  if (targets.kind !== 'classes') throw new RangeError('the noise is replayed on a data set of classes');
  const inputs = exampleShape.reduce((product, extent) => product * extent, 1);
  return parseModel('model', {
    layers: [
      { type: 'Linear', in_features: inputs, out_features: hidden },
      { type: 'Tanh' },
      { type: 'Linear', in_features: hidden, out_features: targets.classes },
    ],
    loss: 'cross_entropy',
  });
}

async function measuredAt(
  gpu: Gpu,
  model: ModelSpec,
  train: Dataset,
  test: Dataset,
  theta: Float32Array,
): Promise<{ lambda: number; trainLoss: number; testLoss: number }> {
  const weights = namedValues(parameterLayout(model), theta);
  const on = (dataset: Dataset) => {
    const { point, dispose } = openPoint(gpu, { model, mode: 'eval', dataset, weights });
    return modelPoint(gpu, point, { dispose });
  };
  using at = on(train);
  using other = on(test);
  const { pairs } = await at.hessian().eigenvalues(1, { tolerance: 1e-3 });
  return { lambda: pairs[0]!.value, trainLoss: await at.loss(), testLoss: await other.loss() };
}

/** The noise of centred signs on the device, against Σ by each example's slope, along the Hessian's first eigenvectors. */
async function covarianceAlong(
  gpu: Gpu,
  model: ModelSpec,
  dataset: Dataset,
  theta: Float32Array,
  of: WeightsOf,
  { covarianceDraws, eigenvectors, batchSize }: NoiseCell,
): Promise<NoiseEvidence['covariance']> {
  const weights = namedValues(parameterLayout(model), theta);
  const { point, dispose } = openPoint(gpu, { model, mode: 'eval', dataset, weights });
  using at = modelPoint(gpu, point, { dispose });
  const { vectors } = await at.hessian().eigenvalues(eigenvectors, { vectors: true, tolerance: 1e-3 });
  const exact: number[] = [];
  for (const vector of vectors) {
    const slopes = await at.measure(slopesAlong(vector));
    const mean = slopes.reduce((sum, slope) => sum + slope, 0) / slopes.length;
    const variance = slopes.reduce((sum, slope) => sum + (slope - mean) ** 2, 0) / slopes.length;
    exact.push(variance / batchSize);
  }
  const flat = await Promise.all(vectors.map((vector) => vector.state.read()));
  const drawn = flat.map(() => 0);
  let trace = 0;
  const sums = new State(gpu, {
    label: 'noise',
    shape: [parameterLayout(model).length],
    replicas: AT_ONCE,
  });
  const gradients = await WeightedGradients.open(gpu, point, sums);
  try {
    for (let first = 0; first < covarianceDraws; first += AT_ONCE) {
      for (let replica = 0; replica < AT_ONCE; replica++) {
        gradients.weights.write(signWeights(of, first + replica), { replica });
      }
      await gradients.run();
      for (let replica = 0; replica < AT_ONCE; replica++) {
        const noise = await sums.read(replica);
        trace += dot64(noise, noise) / covarianceDraws;
        flat.forEach((vector, k) => {
          drawn[k]! += dot64(noise, vector) ** 2 / covarianceDraws;
        });
      }
    }
  } finally {
    gradients.dispose();
    sums.dispose();
  }
  return { exact, drawn, draws: covarianceDraws, isotropic: trace / dimension(parameterLayout(model)) };
}
