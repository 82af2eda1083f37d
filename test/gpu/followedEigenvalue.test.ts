import { expect, test } from 'vitest';
import { uploadExamples } from '../../src/data/uploadExamples.ts';
import { State } from '../../src/gpu/state.ts';
import { type FollowedValue, followedEigenvalue } from '../../src/measure/curvature/followedEigenvalue.ts';
import { CurvatureOperator } from '../../src/measure/curvature/operator.ts';
import type { Instrument } from '../../src/measure/instrument.ts';
import { flatValues } from '../../src/nn/flatValues.ts';
import { parameterLayout } from '../../src/nn/forward.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import { TrainingRun } from '../../src/train/trainingRun.ts';
import { counting } from './counting.ts';
import { testGpu } from './device.ts';
import { FollowedEigenvalue } from './followedProgram.ts';
import { randomValues } from './trace.ts';
import { watchBuffers } from './watchBuffers.ts';

const INPUTS = 6;
const CLASSES = 3;
const EXAMPLES = 40;
const model = parseModel('model.json', {
  layers: [
    { type: 'Linear', in_features: INPUTS, out_features: 5 },
    { type: 'Tanh' },
    { type: 'Linear', in_features: 5, out_features: CLASSES },
  ],
  loss: 'cross_entropy',
});
const layout = parameterLayout(model);
const weights = new Map([...initialStateDict(model, 3)].map(([name, { data }]) => [name, data]));
const dataset = {
  name: 'test',
  x: randomValues(EXAMPLES * INPUTS, 1),
  exampleShape: [INPUTS],
  targets: {
    kind: 'classes' as const,
    labels: Uint32Array.from(randomValues(EXAMPLES, 2), (v) => Math.floor(((v + 1) / 2) * CLASSES)),
    classes: CLASSES,
  },
  examples: EXAMPLES,
};
const context = { mode: 'train' as const };

/** Largest eigenvalue of a symmetric matrix, by power iteration on the matrix plus a bound of what is below zero. */
function largest(matrix: readonly Float32Array[], at: readonly number[]): number {
  const shift = Math.max(...matrix.map((row) => row.reduce((sum, value) => sum + Math.abs(value), 0)));
  let v = Float64Array.from(at, (_, i) => 1 + Math.sin(i));
  let value = 0;
  for (let step = 0; step < 20_000; step++) {
    const moved = v.map((own, i) => shift * own + at.reduce((sum, j, k) => sum + matrix[i]![j]! * v[k]!, 0));
    value = Math.hypot(...moved);
    v = moved.map((each) => each / value);
  }
  return value - shift;
}

test('one look finds the largest eigenvalue of the Hessian as its columns have it, and says how well', async () => {
  const gpu = await testGpu();
  const theta = new State(gpu, { label: 'parameters', shape: [layout.length] });
  theta.write(flatValues(layout, weights));
  const examples = uploadExamples(gpu, dataset);
  const point = { model, layout, theta, examples, context };
  const hessian = await CurvatureOperator.open(gpu, point, 8);
  const at = layout.entries.flatMap(({ offset, elements }) =>
    Array.from({ length: elements }, (_, i) => offset + i),
  );
  const columns = await hessian.times(
    at.map((index) => {
      const unit = new Float32Array(layout.length);
      unit[index] = 1;
      return unit;
    }),
  );
  const expected = largest(columns, at);

  const follower = await FollowedEigenvalue.open(gpu, point, { steps: 10, looks: 4 });
  for (let look = 0; look < 4; look++) follower.program.run();
  const found = await follower.read();
  const last = found.at(-1)!;
  expect(Math.abs(last.value - expected)).toBeLessThan(1e-4 * expected);
  expect(last.residual).toBeLessThan(1e-3 * expected);
  // Each look goes on where the last one ended, and a value is at least as near as its residual says.
  expect(last.residual).toBeLessThan(found[0]!.residual);
  for (const { value } of found) expect(value).toBeLessThan(expected * (1 + 1e-4));
  for (const made of [follower, hessian, examples, theta]) made.dispose();
});

test('it follows the eigenvalue through training, without a call beside those of the run', async () => {
  const gpu = await testGpu();
  const steps = 96;
  const follower: Instrument<FollowedValue> = {
    type: 'eigenvalue',
    schedule: { every: 8 },
    unitSize: null,
    quantity: followedEigenvalue({ examples: dataset.examples, steps: 10 }),
    follow: () => () => ({}),
  };
  const open = (instruments: readonly Instrument[]): Promise<TrainingRun> =>
    TrainingRun.open(gpu, {
      model,
      dataset,
      steps,
      batches: [{ fromStep: 0, batchSize: 8 }],
      sampling: 'shuffle',
      recordEvery: 8,
      instruments,
      replicas: [0, 1].map((seed) => ({
        seed,
        settings: { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
        rates: new Float32Array(steps).fill(0.2),
        weights,
      })),
    });
  const [plain, run] = [await open([]), await open([follower])];
  const calls = [];
  const looks: FollowedValue[][] = [[], []];
  for (const each of [plain, run]) {
    const counted = counting(gpu.device);
    for await (const readings of each.steps()) {
      for (const { replica, found } of readings)
        if (found[0]) looks[replica]!.push(found[0] as FollowedValue);
    }
    // How many steps a submit holds follows from how long they take.
    const { submit, mapAsync, ...made } = counted.stop();
    expect(mapAsync).toBeLessThanOrEqual(submit);
    calls.push(made);
  }
  expect(calls[1]).toEqual(calls[0]);
  for (const replica of [0, 1]) {
    expect(await run.theta.read(replica)).toEqual(await plain.theta.read(replica));
    expect(looks[replica]).toHaveLength(12);
    for (const { value, residual } of looks[replica]!.slice(2)) {
      expect(value).toBeGreaterThan(0);
      expect(residual).toBeLessThan(1e-2 * value);
    }
  }
  expect(looks[0]!.at(-1)).not.toEqual(looks[1]!.at(-1));
  for (const made of [plain, run]) made.dispose();
});

test('another block of the Hessian that overtakes is seen within four looks, though the vector has no part in it', async () => {
  const gpu = await testGpu();
  // Each of two units sees examples of its own and has an output of its own: two blocks. The second one is dead at first.
  const twoUnits = parseModel('model.json', {
    layers: [
      { type: 'Linear', in_features: 2, out_features: 2, bias: false },
      { type: 'ReLU' },
      { type: 'Linear', in_features: 2, out_features: 2, bias: false },
    ],
    loss: 'mse',
  });
  const own = parameterLayout(twoUnits);
  const batch = 8;
  const examples = uploadExamples(gpu, {
    name: 'test',
    x: Float32Array.from({ length: 2 * batch }, (_, i) => Number(i % 2 === Math.floor(i / 2) % 2)),
    exampleShape: [2],
    targets: { kind: 'values' as const, y: new Float32Array(2 * batch).fill(0.1), width: 2 },
    examples: batch,
  });
  const theta = new State(gpu, { label: 'parameters', shape: [own.length] });
  const unitsOf = (second: number): void =>
    theta.write(
      flatValues(
        own,
        new Map([
          ['0.weight', Float32Array.of(1, 0, 0, second)],
          ['2.weight', Float32Array.of(1, 0, 0, 1)],
        ]),
      ),
    );
  const point = { model: twoUnits, layout: own, theta, examples, context };
  const at = own.entries.flatMap(({ offset, elements }) =>
    Array.from({ length: elements }, (_, i) => offset + i),
  );
  const hessian = await CurvatureOperator.open(gpu, point, 8);
  const expected = async (): Promise<number> => {
    const units = at.map((index) => new Float32Array(own.length).fill(1, index, index + 1));
    return largest(await hessian.times(units), at);
  };
  const looks = 16;
  const follower = await FollowedEigenvalue.open(gpu, point, { steps: 6, looks });

  unitsOf(-1);
  const first = await expected();
  for (let look = 0; look < looks - 4; look++) follower.program.run();
  unitsOf(3);
  const second = await expected();
  expect(second).toBeGreaterThan(3 * first);
  for (let look = 0; look < 4; look++) follower.program.run();
  const found = await follower.read();
  expect(Math.abs(found[looks - 5]!.value / first - 1)).toBeLessThan(1e-3);
  expect(Math.abs(found.at(-1)!.value / second - 1)).toBeLessThan(1e-3);
  for (const made of [follower, hessian, examples, theta]) made.dispose();
});

test('a follower that cannot be made, or is disposed of, leaves no buffer behind', async () => {
  const gpu = await testGpu();
  const theta = new State(gpu, { label: 'parameters', shape: [layout.length] });
  const examples = uploadExamples(gpu, dataset);
  const point = { model, layout, theta, examples, context };
  const watch = watchBuffers(gpu);
  // Twenty steps are more than its small problem takes, which is found when its states have been made.
  await expect(FollowedEigenvalue.open(gpu, point, { steps: 20, looks: 4 })).rejects.toThrow(
    /tridiagonalTop/,
  );
  expect(watch.held()).toBe(0);
  const follower = await FollowedEigenvalue.open(gpu, point, { steps: 4, looks: 4 });
  expect(watch.held()).toBeGreaterThan(0);
  follower.dispose();
  expect(watch.held()).toBe(0);
  watch.stop();
  for (const made of [examples, theta]) made.dispose();
});
