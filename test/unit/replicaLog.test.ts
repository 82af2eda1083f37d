import { expect, test } from 'vitest';
import { noiseScaleInstrument } from '../../src/measure/gradient/noiseScaleInstrument.ts';
import type { OptimizerSettings } from '../../src/optim/optimizer.ts';
import { BatchSizes } from '../../src/train/batchSizes.ts';
import type { Reading } from '../../src/train/reading.ts';
import { replicaLogs } from '../../src/train/replicaLog.ts';
import type { StepReading } from '../../src/train/runReadings.ts';
import type { TrainingOptions } from '../../src/train/trainingRun.ts';

const B = 16;

/** The log of one replica of a run of batches of 16 from 160 examples, without a device. */
function log(settings: OptimizerSettings = { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false }) {
  const options = {
    dataset: { examples: 160 },
    sampling: 'shuffle',
    instruments: [noiseScaleInstrument({ smallBatch: 1, tests: false, layers: true }, { every: 1 })],
    replicas: [{ settings }],
  } as unknown as TrainingOptions;
  const layout = { length: 4, entries: [{ name: '0.weight', shape: [2, 2], offset: 0, elements: 4 }] };
  const batches = new BatchSizes([{ fromStep: 0, batchSize: B }]);
  return replicaLogs({ options, layout: layout as never, batches })[0]!;
}

/** A step whose batch has |ḡ|² and a mean |g_i|² as given. */
function step(number: number, gradNormSq: number, smallNormSq: number): StepReading {
  return {
    replica: 0,
    step: number,
    batchSize: B,
    learningRate: 0.1,
    loss: 1,
    found: [{ norms: [{ gradNormSq, smallNormSq }], spread: null }],
  };
}

test('a batch’s own |G|² is |ḡ|² − tr Σ/B, the training set’s of shuffled batches |ḡ|² − tr Σ(1/B − 1/N)', () => {
  const reading = log().take(step(1, 2, 17))!;
  const trace = 15 / (1 - 1 / B);
  expect(reading.traceCovariance).toBeCloseTo(trace, 12);
  expect(reading.gradNormSqUnbiased).toBeCloseTo(2 - trace / B, 12);
  expect(reading.gradNormSqOfTrainingSet).toBeCloseTo(2 - trace * (1 / B - 1 / 160), 12);
  expect(reading.bSimpleOfBatch).toBeCloseTo(trace / (2 - trace / B), 12);
  expect(reading.bSimple).toBeCloseTo(trace / (2 - trace * (1 / B - 1 / 160)), 10);
  // Of one measurement nothing is known of the error.
  expect(reading).toMatchObject({ bSimpleInterval: null, bSimpleStderr: null, bSimpleResolved: false });
  expect(reading.layers!['0.weight']).toEqual({
    gradNormSq: 2,
    traceCovariance: reading.traceCovariance,
    bSimpleOfBatch: reading.bSimpleOfBatch,
  });
});

test('tr Σ that float32 hides does not pass for a resolved noise scale', () => {
  const replica = log();
  let reading: Reading | null = null;
  // Differences of a few roundings of 1, all alike: without their bound an interval of no width.
  for (let s = 1; s <= 40; s++) reading = replica.take(step(s, 1, 1 + 2e-7));
  expect(reading!.traceCovariance).toBeLessThan(reading!.traceCovarianceRounding!);
  expect(reading!.bSimpleResolved).toBe(false);
  expect(reading!.bSimpleInterval![0]).toBe(0);
  expect(reading!.bSimpleInterval![1]).toBeLessThan(1e-4);
});

test('batches that cannot see the gradient have a negative noise scale, and an interval open at infinity', () => {
  const replica = log();
  let reading: Reading | null = null;
  for (let s = 1; s <= 40; s++) reading = replica.take(step(s, s % 2 ? 0.6 : 0.4, 17));
  expect(reading!.gradNormSqUnbiased).toBeLessThan(0);
  expect(reading!.bSimple).toBeLessThan(0);
  expect(reading!.bSimpleResolved).toBe(false);
  const narrow = log();
  for (let s = 1; s <= 40; s++) reading = narrow.take(step(s, s % 2 ? 0.6 : 1.4, 17));
  expect(reading!.bSimpleInterval![0]).toBeGreaterThan(0);
  expect(reading!.bSimpleInterval![1]).toBeNull();
});

test('the temperature is ε/(B(1 − m)) of SGD; Adam has none', () => {
  expect(log().take(step(1, 1, 2))!.temperature).toBe(0.1 / B);
  const heavy = { momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: false };
  expect(log(heavy).take(step(1, 1, 2))!.temperature).toBeCloseTo(1 / B, 14);
  const adam = { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 } as const;
  expect(log(adam).take(step(1, 1, 2))!.temperature).toBeNull();
});
