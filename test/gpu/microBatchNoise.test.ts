import { expect, test } from 'vitest';
import { type Dataset, fitDataset } from '../../src/data/dataset.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { uploadExamples } from '../../src/data/uploadExamples.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { State } from '../../src/gpu/state.ts';
import { gradientMoments } from '../../src/measure/gradient/gradientMoments.ts';
import { type MicroBatchNoise, microBatchNoise } from '../../src/measure/gradient/microBatchNoise.ts';
import { measureOver } from '../../src/measure/measureOver.ts';
import type { Point } from '../../src/measure/pass.ts';
import { flatValues } from '../../src/nn/flatValues.ts';
import { parameterLayout } from '../../src/nn/forward.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import { batchGradient } from './batchGradient.ts';
import { testGpu } from './device.ts';
import { randomValues } from './trace.ts';

const [DIMS, HIDDEN, CLASSES] = [9, 7, 5];

/** The classes take turns in the file: micro-batches of consecutive examples would have all of them. */
function shuffled(data: Dataset): Dataset {
  const keys = randomValues(data.examples, 99);
  const order = [...keys.keys()].sort((a, b) => keys[a]! - keys[b]!);
  const { classes, labels } = data.targets as Extract<Dataset['targets'], { kind: 'classes' }>;
  return {
    ...data,
    x: Float32Array.from(
      { length: data.x.length },
      (_, i) => data.x[order[Math.floor(i / DIMS)]! * DIMS + (i % DIMS)]!,
    ),
    targets: { kind: 'classes', classes, labels: Uint32Array.from(order, (i) => labels[i]!) },
  };
}

async function perceptron(batchNorm: boolean, examples: number) {
  const gpu = await testGpu();
  const model = parseModel('model', {
    layers: [
      { type: 'Linear', in_features: DIMS, out_features: HIDDEN },
      ...(batchNorm ? [{ type: 'BatchNorm1d', num_features: HIDDEN }] : []),
      { type: 'Tanh' },
      { type: 'Linear', in_features: HIDDEN, out_features: CLASSES },
    ],
    loss: 'cross_entropy',
  });
  const layout = parameterLayout(model);
  const data = syntheticDataset(
    `gaussian-clusters?examples=${examples}&test=0&classes=${CLASSES}&dims=${DIMS}`,
  );
  const { dataset } = fitDataset(shuffled(data), model);
  const theta = new State(gpu, { label: 'parameters', shape: [layout.length] });
  theta.write(
    flatValues(
      layout,
      new Map(layout.entries.map(({ name, elements }, i) => [name, randomValues(elements, 7 + i)])),
    ),
  );
  const at = (part: Dataset) => ({
    model,
    layout,
    theta,
    examples: uploadExamples(gpu, part),
    context: { mode: 'train' as const },
  });
  return { gpu, dataset, at, dispose: () => theta.dispose() };
}

test('with BatchNorm a ghost batch is one example: against each ghost batch measured as a data set of its own', async () => {
  const [unit, units] = [6, 5];
  const { gpu, dataset, at, dispose } = await perceptron(true, unit * units + 4);
  const whole = at(dataset);
  const found = await measuredBy(gpu, whole, unit);
  whole.examples.dispose();
  const gradients: Float32Array[] = [];
  let loss = 0;
  const targets = dataset.targets as Extract<Dataset['targets'], { kind: 'classes' }>;
  for (let u = 0; u < units; u++) {
    const part = at({
      ...dataset,
      x: dataset.x.subarray(u * unit * DIMS, (u + 1) * unit * DIMS),
      targets: { ...targets, labels: targets.labels.subarray(u * unit, (u + 1) * unit) },
      examples: unit,
    });
    const { mean, perExampleLoss } = await batchGradient(gpu, part);
    part.examples.dispose();
    gradients.push(mean);
    loss += perExampleLoss.reduce((sum, v) => sum + v, 0) / (unit * units);
  }
  dispose();
  const mean = Float64Array.from(gradients[0]!, (_, d) => gradients.reduce((s, g) => s + g[d]!, 0) / units);
  const squares = gradients.map((g) => unit * g.reduce((sum, v, d) => sum + (v - mean[d]!) ** 2, 0));
  const trace = squares.reduce((sum, v) => sum + v, 0) / (units - 1);
  const gradNormSq = mean.reduce((sum, v) => sum + v * v, 0);
  expect(found.microBatches).toBe(units);
  expect(found.loss / loss).toBeCloseTo(1, 5);
  expect(found.gradNormSq / gradNormSq).toBeCloseTo(1, 5);
  expect(found.traceCovariance / trace).toBeCloseTo(1, 5);
  // The jackknife by its definition: each micro-batch left out in turn.
  const without = gradients.map((_, u) => {
    const rest = gradients.filter((_, other) => other !== u);
    const centre = mean.map((_, d) => rest.reduce((s, g) => s + g[d]!, 0) / (units - 1));
    const away = rest.map((g) => g.reduce((sum, v, d) => sum + (v - centre[d]!) ** 2, 0));
    const left = (unit * away.reduce((sum, v) => sum + v, 0)) / (units - 2);
    return { left, norm: centre.reduce((sum, v) => sum + v * v, 0) - left / (unit * (units - 1)) };
  });
  const jackknife = (values: readonly number[]): number => {
    const centre = values.reduce((sum, v) => sum + v, 0) / units;
    return Math.sqrt(((units - 1) / units) * values.reduce((sum, v) => sum + (v - centre) ** 2, 0));
  };
  expect(found.traceCovarianceStderr! / jackknife(without.map(({ left }) => left))).toBeCloseTo(1, 4);
  expect(found.gradNormSqUnbiasedStderr! / jackknife(without.map(({ norm }) => norm))).toBeCloseTo(1, 4);
  expect(found.bSimple! / (trace / (gradNormSq - trace / (unit * units)))).toBeCloseTo(1, 4);
});

test('without BatchNorm: b = 1 is the sample covariance, larger b agree with it within 3 standard errors', async () => {
  const N = 600;
  const { gpu, dataset, at, dispose } = await perceptron(false, N);
  const point = at(dataset);
  const { centredSquares } = await gradientMoments(gpu, point);
  const exact = centredSquares.reduce((sum, v) => sum + v, 0) / (N - 1);
  const single = await measuredBy(gpu, point, 1);
  expect(single.traceCovariance / exact).toBeCloseTo(1, 4);
  for (const unit of [4, 15]) {
    const found = await measuredBy(gpu, point, unit);
    console.info(
      `b = ${unit}: tr Σ ${found.traceCovariance} ± ${found.traceCovarianceStderr}, of all ${exact}`,
    );
    expect(Math.abs(found.traceCovariance - exact)).toBeLessThan(3 * found.traceCovarianceStderr!);
  }
  await expect(measuredBy(gpu, point, 301)).rejects.toThrow(/600 examples make 1 micro-batches of 301/);
  point.examples.dispose();
  dispose();
});

async function measuredBy(gpu: Gpu, point: Point, microBatch: number): Promise<MicroBatchNoise> {
  return (await measureOver(gpu, point, { found: microBatchNoise(microBatch) })).found;
}
