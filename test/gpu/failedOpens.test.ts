import { expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { writeSafetensors } from '../../src/data/safetensors.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { uploadExamples } from '../../src/data/uploadExamples.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { runJob } from '../../src/jobs/job.ts';
import { alongGradient } from '../../src/measure/curvature/alongGradient.ts';
import { batchSharpness } from '../../src/measure/curvature/batchSharpness.ts';
import { covarianceProbes } from '../../src/measure/curvature/covarianceProbes.ts';
import { curvatureTrace } from '../../src/measure/curvature/curvatureTrace.ts';
import { eigenvalues } from '../../src/measure/curvature/eigenvalues.ts';
import { exactCovarianceTrace } from '../../src/measure/curvature/exactCovarianceTrace.ts';
import { exactTrace } from '../../src/measure/curvature/hessianTrace.ts';
import { hutchPlusPlus } from '../../src/measure/curvature/hutchPlusPlus.ts';
import { CurvatureOperator } from '../../src/measure/curvature/operator.ts';
import { estimateTraceCovariance } from '../../src/measure/curvature/traceHessianCovariance.ts';
import { GradientDraws } from '../../src/measure/gradient/gradientDraws.ts';
import { gradientHistogram } from '../../src/measure/gradient/gradientHistogram.ts';
import { gradientMoments } from '../../src/measure/gradient/gradientMoments.ts';
import { meanRatioErrors } from '../../src/measure/gradient/meanRatioErrors.ts';
import { noiseScaleInstrument } from '../../src/measure/gradient/noiseScaleInstrument.ts';
import { openLossesAround } from '../../src/measure/landscape/lossesAround.ts';
import { measureOver } from '../../src/measure/measureOver.ts';
import { openPoint } from '../../src/measure/openPoint.ts';
import type { Point } from '../../src/measure/pass.ts';
import { unitsOf } from '../../src/measure/pass.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import { parseModel, stateDictLayout } from '../../src/nn/modelSpec.ts';
import { stateDictTensors } from '../../src/nn/stateDict.ts';
import { type TrainingOptions, TrainingRun } from '../../src/train/trainingRun.ts';
import { batchGradient } from './batchGradient.ts';
import { testGpu } from './device.ts';
import { NO_MEMORY, watchBuffers } from './watchBuffers.ts';

/** Two sizes of micro-batches: 256 examples, and what is left. */
const DATA = 'gaussian-clusters?examples=300&classes=3&dims=5';
const model = (normalised: boolean) =>
  parseModel('model.json', {
    layers: [
      { type: 'Linear', in_features: 5, out_features: 8 },
      ...(normalised ? [{ type: 'BatchNorm1d', num_features: 8 }] : []),
      { type: 'ReLU' },
      { type: 'Linear', in_features: 8, out_features: 3 },
    ],
    loss: 'cross_entropy',
  });
const dataset: Dataset = syntheticDataset(DATA);

function values(normalised = false): Map<string, Float32Array> {
  return new Map([...initialStateDict(model(normalised), 1)].map(([name, { data }]) => [name, data]));
}

const settings = { momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: false };
const options = (normalised: boolean): TrainingOptions => ({
  model: model(normalised),
  dataset,
  steps: 8,
  batches: [
    { fromStep: 0, batchSize: 8 },
    { fromStep: 4, batchSize: 16 },
  ],
  sampling: 'shuffle',
  averaging: { kind: 'swa', start: 2, every: 2 },
  instruments: [
    noiseScaleInstrument({ smallBatch: normalised ? 4 : 1, tests: false, layers: true }, { every: 2 }),
  ],
  replicas: [0, 1].map((seed) => ({
    seed,
    settings,
    rates: new Float32Array(8).fill(0.1),
    weights: values(normalised),
  })),
});

async function withPoint<T>(gpu: Gpu, use: (point: Point) => Promise<T>): Promise<T> {
  const input = {
    model: model(false),
    mode: 'eval' as const,
    dataset,
    weights: values(),
    vector: null,
    notes: [],
  };
  const { point, dispose } = openPoint(gpu, input);
  try {
    return await use(point);
  } finally {
    dispose();
  }
}

async function withOperator<T>(
  gpu: Gpu,
  use: (hessian: CurvatureOperator, point: Point) => Promise<T>,
  width = 2,
): Promise<T> {
  return withPoint(gpu, async (point) => {
    const hessian = await CurvatureOperator.open(gpu, point, width);
    try {
      return await use(hessian, point);
    } finally {
      hessian.dispose();
    }
  });
}

/** What makes several buffers. Each frees all of them when it ends. */
const WORK: Record<string, (gpu: Gpu) => Promise<unknown>> = {
  'a training run, its evaluation and its average': async (gpu) => {
    const run = await TrainingRun.open(gpu, options(true));
    try {
      for await (const _ of run.steps());
      await run.finishAverage();
      const evaluator = await run.evaluator(undefined, 'averaged');
      try {
        await evaluator.evaluate();
      } finally {
        evaluator.dispose();
      }
      (await run.evaluator(syntheticDataset(DATA))).dispose();
      run.point(1, { mode: 'eval' }).dispose();
      await run.weights(0);
      await run.snapshot();
    } finally {
      run.dispose();
    }
  },
  'a data set': async (gpu) => uploadExamples(gpu, dataset).dispose(),
  'moments of gradients': (gpu) => withPoint(gpu, (point) => gradientMoments(gpu, point)),
  'a gradient': (gpu) => withPoint(gpu, (point) => batchGradient(gpu, point)),
  'several quantities together': (gpu) =>
    withPoint(gpu, (point) =>
      measureOver(gpu, point, {
        along: alongGradient({ units: true, dots: true, hessian: true, covariance: true }),
        probes: covarianceProbes(unitsOf(point), { from: 0, to: 2, seed: 1 }),
      }),
    ),
  'histograms of gradients': (gpu) =>
    withPoint(gpu, (point) => gradientHistogram(gpu, point, { gradient: { from: -1, to: 1, count: 4 } })),
  'the error of the signal-to-noise ratio': (gpu) =>
    withPoint(gpu, async (point) => {
      const { length } = point.layout;
      const moments = {
        mean: new Float32Array(length).fill(1),
        centredSquares: new Float32Array(length).fill(900),
      };
      return meanRatioErrors(gpu, point, moments);
    }),
  'the loss along a line': (gpu) =>
    withPoint(gpu, async (point) => {
      const line = await openLossesAround(gpu, point, { directions: 1, points: 3, runs: 1 });
      try {
        const into = line.span.directions;
        const draws = await GradientDraws.open(gpu, point, { batchSizes: [4, 8], seed: 1, into });
        draws.dispose();
        line.span.setCoefficients([[0], [0.1], [0.2]]);
        await line.losses.run();
        await line.losses.read();
      } finally {
        line.dispose();
      }
    }),
  'a trace': (gpu) =>
    withOperator(gpu, (_, point) =>
      measureOver(gpu, point, { trace: curvatureTrace('hessian', { probes: 4, seed: 1, exact: false }) }),
    ),
  'a trace by Hutch++': (gpu) =>
    withOperator(gpu, (hessian) => hutchPlusPlus(gpu, hessian, { probes: 6, seed: 1 })),
  'the trace of Hessian and covariance': (gpu) =>
    withOperator(gpu, (hessian, point) =>
      estimateTraceCovariance(gpu, point, hessian, { probes: 4, seed: 1 }),
    ),
  '… from every example': (gpu) =>
    withPoint(gpu, (point) => exactCovarianceTrace(gpu, point, new Float32Array(point.layout.length))),
  'the exact trace': (gpu) => withPoint(gpu, (point) => exactTrace(gpu, point, 'hessian')),
  eigenvalues: (gpu) => withOperator(gpu, (hessian) => eigenvalues(gpu, hessian, { count: 2 }), 1),
  'batch sharpness': (gpu) =>
    withPoint(gpu, (point) =>
      measureOver(gpu, point, { sharpness: batchSharpness({ batchSize: 8, batches: 2, seed: 1 }) }),
    ),
};

/** Which of so many buffers fail: each of the first and last ones, and some between. */
function failures(count: number): number[] {
  const each = Array.from({ length: count }, (_, i) => i);
  return count <= 40 ? each : each.filter((i) => i < 24 || i >= count - 4 || i % 7 === 0);
}

for (const [name, work] of Object.entries(WORK)) {
  test(`${name}: no buffer is left, whichever of them cannot be made`, async () => {
    const gpu = await testGpu();
    const watch = watchBuffers(gpu);
    try {
      await work(gpu);
      expect(watch.held()).toBe(0);
      const made = watch.made();
      expect(made).toBeGreaterThan(1);
      for (const k of failures(made)) {
        watch.failAfter(k);
        await expect(work(gpu), `buffer ${k} of ${made}`).rejects.toThrow(NO_MEMORY);
        // What is under way when another part fails is freed as it settles.
        await expect.poll(() => watch.held(), { message: `buffer ${k} of ${made}`, interval: 2 }).toBe(0);
      }
    } finally {
      watch.stop();
    }
  });
}

test('jobs leave no buffer behind, whichever of them cannot be made', async () => {
  const gpu = await testGpu();
  const files = new Map<string, Uint8Array>([
    ['model.json', new TextEncoder().encode(JSON.stringify(model(false)))],
    ['w.safetensors', writeSafetensors(stateDictTensors(values(), stateDictLayout(model(false))))],
  ]);
  const host = { read: async (path: string): Promise<Uint8Array> => files.get(path)! };
  const jobs = [
    {
      job: 'train' as const,
      model: { hidden: [9] },
      data: DATA,
      batch_size: 16,
      steps: 6,
      optimizer: { lr: 0.1 },
      measure: { every: 2 },
      averaging: { type: 'swa' as const, start: 2, every: 2 },
    },
    { job: 'measure' as const, model: 'model.json', weights: 'w.safetensors', data: DATA, tests: true },
    {
      ...{ job: 'landscape' as const, kind: 'rays' as const, model: 'model.json', weights: 'w.safetensors' },
      ...{ data: DATA, test: DATA, rays: 2, points: 3 },
    },
  ];
  const watch = watchBuffers(gpu);
  try {
    for (const spec of jobs) {
      const run = async (): Promise<void> => {
        for await (const _ of runJob(gpu, spec, host));
      };
      const before = watch.made();
      await run();
      expect(watch.held()).toBe(0);
      for (const k of failures(watch.made() - before)) {
        watch.failAfter(k);
        await expect(run()).rejects.toThrow(NO_MEMORY);
        await expect.poll(() => watch.held(), { message: `${spec.job}: buffer ${k}`, interval: 2 }).toBe(0);
      }
    }
  } finally {
    watch.stop();
  }
});
