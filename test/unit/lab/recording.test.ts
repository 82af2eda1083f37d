import { expect, test } from 'vitest';
import type { Reading } from '../../../src/jobs/job.ts';
import type { PageNews } from '../../../src/jobs/jobWorker.ts';
import type { TrainSpec } from '../../../src/jobs/trainSpec.ts';
import { groupCurves } from '../../../src/web/lab/groupCurves.ts';
import { Recording } from '../../../src/web/lab/recording.ts';
import { recordingCsv } from '../../../src/web/lab/recordingFile.ts';
import { sentenceOf } from '../../../src/web/lab/sentences.ts';
import { linearUpTo, scaleRange, scaleTicks } from '../../../src/web/lab/valueScale.ts';
import { lastX, xValues } from '../../../src/web/lab/xUnits.ts';
import { resultEvents } from '../../../src/web/runs/resultEvents.ts';

const SPEC: TrainSpec = {
  data: 'mnist',
  model: { hidden: [4] },
  batch_size: 8,
  steps: 100,
  optimizer: { lr: 0.1 },
  measure: { every: 2 },
};
const SWEEP: TrainSpec = {
  ...SPEC,
  replicas: [0.1, 0.3].flatMap((lr) => [0, 1, 2].map((seed) => ({ lr, seed }))),
};

function reading(step: number, more: Partial<Reading> = {}): Reading {
  return { replica: 0, step, batchSize: 8, learningRate: 0.1, temperature: 0.1 / 8, loss: 2 / step, ...more };
}

function recordingOf(spec: TrainSpec, ...events: PageNews[]): Recording {
  const recording = new Recording(spec);
  events.forEach((event, i) => {
    recording.take(event, i + 1);
  });
  return recording;
}

test('replicas that differ in their seeds alone are one curve: mean ± standard error, the diverged left out', () => {
  const recording = recordingOf(SWEEP);
  expect(recording.groups).toEqual([
    { label: 'ε = 0.1', replicas: [0, 1, 2] },
    { label: 'ε = 0.3', replicas: [3, 4, 5] },
  ]);
  expect(recording.replicas[4]).toBe('ε = 0.3, seed 1');
  const columns = [[1], [2], [3], [4], [null], [6]].map((column) => [...column, 9]);
  const goneAt = (replica: number) => (replica === 4 ? 0 : Number.POSITIVE_INFINITY);
  const [first, second] = groupCurves(recording.groups, columns, [], goneAt);
  expect(first!.values[0]).toBe(2);
  const error = 1 / Math.sqrt(3);
  expect(first!.band[0]).toEqual([2 - error, 2 + error]);
  expect(second!.values[0]).toBe(5);
  // One that is there and has no value leaves the mean without one.
  expect(groupCurves(recording.groups, columns, [], () => Number.POSITIVE_INFINITY)[1]!.values[0]).toBeNull();
  // One replica alone has its own interval.
  const alone = recordingOf(SPEC);
  expect(groupCurves(alone.groups, [[1]], [[[0.5, 2]]], goneAt)).toEqual([{ values: [1], band: [[0.5, 2]] }]);
});

test('a run is cut back to a mark, and shows again what it showed then', () => {
  const before: PageNews[] = [
    { type: 'readings', readings: [1, 2, 3].map((step) => reading(step, { gradNormSq: step })) },
    { type: 'learningRate', step: 3, replica: null, learningRate: 0.2 },
    { type: 'evaluation', step: 3, replica: 0, split: 'test', weights: 'last', loss: 1, accuracy: 0.5 },
  ];
  const recording = recordingOf(SPEC, ...before);
  const csv = recordingCsv(recording);
  const mark = recording.mark();
  recording.take({ type: 'readings', readings: [reading(4, { batchSize: 16 })] }, 9);
  recording.take({ type: 'batchSize', step: 4, batchSize: 16 }, 9);
  recording.take({ type: 'diverged', replica: 0, step: 5, reason: 'the loss is not finite' }, 9);
  expect(recording.batchSizeAt(4)).toBe(16);
  recording.cut(mark);
  expect(recordingCsv(recording)).toBe(csv);
  expect([recording.lastStep, recording.batchSizeAt(4), recording.diverged.size]).toEqual([3, 8, 0]);
  expect(recording.changes).toEqual([{ step: 3, replica: null, learningRate: 0.2 }]);
  expect(recording.rows.steps).toEqual([1, 2, 3]);
});

test('each instrument has rows of its own, so that one that looks seldom has a curve', () => {
  const instruments = [
    { type: 'distance', every: 1 },
    { type: 'eigenvalue', every: 2 },
  ];
  const told = (step: number) => ({
    distance: { fromStart: step },
    ...(step % 2 === 1 ? { eigenvalue: { value: 10 * step } } : {}),
  });
  const readings = [1, 2, 3].map((step) => reading(step, { instruments: told(step) }));
  const recording = recordingOf({ ...SPEC, instruments }, { type: 'readings', readings });
  const drawn = recording.quantities.find(({ id }) => id === 'eigenvalue-value')!;
  expect(recording.table(drawn).steps).toEqual([1, 3]);
  expect(recording.table(drawn).columns(drawn.id)).toEqual([[10, 30]]);
});

test('x goes in steps, epochs, examples and seconds, through a change of B', () => {
  const recording = recordingOf(
    SPEC,
    { type: 'planned', steps: 100, examples: 40, parameters: 9 },
    { type: 'readings', readings: [reading(1), reading(2)] },
    { type: 'readings', readings: [reading(3, { batchSize: 16 })] },
  );
  const x = (unit: 'steps' | 'epochs' | 'examples' | 'seconds') => xValues(unit, recording, recording.rows);
  expect(x('steps')).toEqual([1, 2, 3]);
  expect(x('examples')).toEqual([8, 16, 32]);
  expect(x('epochs')).toEqual([0.2, 0.4, 0.8]);
  expect(x('seconds')).toEqual([1, 2, 3]);
  expect(lastX('examples', recording)).toBe(32);
});

test('a symmetric logarithmic axis has both signs', () => {
  expect(linearUpTo([[-0.03, 0.5, null, 20, 400]])).toBe(0.01);
  const [low, high] = scaleRange(-0.5, 100, 'symlog', 0.01);
  expect(low).toBeLessThan(-0.5);
  expect(high).toBeGreaterThan(100);
  const ticks = scaleTicks(low, high, 'symlog', 0.01);
  expect(ticks).toContain(0);
  expect(ticks).toContain(100);
  expect(ticks.some((tick) => tick < 0)).toBe(true);
  expect(ticks.length).toBeLessThan(10);
  expect([...ticks].sort((a, b) => a - b)).toEqual(ticks);
});

const NOISE = { gradNormSq: 1, gradNormSqOfTrainingSet: 0.5, traceCovariance: 50 };

test('a sentence says what a chart shows: B against the noise scale, and that it is not resolved', () => {
  const of = (id: string, recording: Recording): string | null =>
    sentenceOf(recording.quantities.find((quantity) => quantity.id === id)!, recording, new Set());
  const known = { ...NOISE, bSimple: 32, bSimpleInterval: [24, 44], bSimpleResolved: true } as const;
  const open = { ...NOISE, bSimple: 9e5, bSimpleInterval: [1200, null], bSimpleResolved: false } as const;
  const resolved = recordingOf(SPEC, { type: 'readings', readings: [reading(1, known), reading(2)] });
  // 1 − (1 + 4/2)/(1 + 4) of the steps, (1 + 2/4)/(1 + 1/4) − 1 more examples.
  expect(of('bSimple', resolved)).toBe(
    'B = 8 is 4× below the noise scale, 32 (24 to 44): doubling B would save 40 % of the steps and take 20 % more examples, as far as B_simple is the noise scale that counts.',
  );
  expect(of('gradNormSq', resolved)).toMatch(/^Of \|ḡ\|² about 7\.4 % is signal/);
  expect(of('loss', resolved)).toBe('Over the last 2 readings the loss is 1.5 on average, from 2 at step 1.');
  // Never an older value.
  const unresolved = recordingOf(SPEC, { type: 'readings', readings: [reading(1, known), reading(3, open)] });
  expect(of('bSimple', unresolved)).toBe(
    'Unresolved at step 3, known only to be ≥ 1200: the measurements so far do not tell the gradient from its noise.',
  );
  const first = recordingOf(SPEC, {
    type: 'readings',
    readings: [reading(1, { ...NOISE, bSimple: 3, bSimpleInterval: null })],
  });
  expect(of('bSimple', first)).toMatch(/Fewer than four measurements/);
  expect(of('loss', recordingOf(SPEC))).toBeNull();
  const sweep = recordingOf(SWEEP, {
    type: 'readings',
    readings: [0, 1, 2, 3, 4, 5].map((replica) => reading(1, { replica, loss: replica < 3 ? 1 : 2 })),
  });
  expect(of('loss', sweep)).toBe(
    'At the last reading the loss is lowest at ε = 0.1, 1, and highest at ε = 0.3, 2.',
  );
});

test('a result.json gives the readings that its run had', () => {
  const job = { ...SPEC, record_every: 3, lr_schedule: { type: 'step', step_size: 4, gamma: 0.5 }, steps: 7 };
  // Recorded at 3 and 6, measured at 1, 3, 5, 7.
  const result = {
    steps: 7,
    losses: [10, 30, 50, 60, 70],
    measurements: [1, 3, 5, 7].map((step) => ({ ...reading(step), ...NOISE, loss: step * 10 })),
    changes: [{ step: 6, replica: null, learningRate: 0.7 }],
    finalLoss: 1,
    testLoss: 2,
    testAccuracy: 0.25,
    job,
    date: '2026-11-27T00:00:00.000Z',
  };
  const { spec, events } = resultEvents('r.json', result);
  const recording = recordingOf(spec, ...events);
  expect(recording.readings.map(({ step, loss }) => [step, loss])).toEqual([
    [1, 10],
    [3, 30],
    [5, 50],
    [6, 60],
    [7, 70],
  ]);
  expect(recording.readings.map(({ learningRate }) => learningRate)).toEqual([0.1, 0.1, 0.1, 0.7, 0.1]);
  expect(recording.changes).toEqual(result.changes);
  expect(recording.evaluations.map(({ split, loss }) => [split, loss])).toEqual([
    ['train', 1],
    ['test', 2],
  ]);
  expect(() => resultEvents('r.json', { ...result, losses: 3 })).toThrow(/r\.json: losses: missing/);
  expect(() => resultEvents('r.json', { ...result, losses: new Array(9).fill(1) })).toThrow(
    /losses: are 9.*5 steps/,
  );
  expect(() => resultEvents('m.json', {})).toThrow(/m\.json: job: missing/);
});
