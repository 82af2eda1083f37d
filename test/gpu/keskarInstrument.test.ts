import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/data/safetensors.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { runJob } from '../../src/jobs/job.ts';
import type { TrainSpec } from '../../src/jobs/trainSpec.ts';
import { point } from '../../src/measure/point.ts';
import { keskar } from '../../src/measure/sharpness/keskar.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import { testGpu } from './device.ts';
import { dense } from './randomPoint.ts';

const DATA = 'gaussian-clusters?examples=60&classes=3&dims=5&seed=4';
const MODEL = { layers: [dense(5, 3)], loss: 'cross_entropy' };
const BASE: TrainSpec = {
  model: MODEL as TrainSpec['model'],
  data: DATA,
  batch_size: 12,
  steps: 4,
  seed: 2,
  optimizer: { type: 'sgd', lr: 0.4, momentum: 0.5 },
};

type Reading = { readonly step: number } & Readonly<Record<string, number | null>>;

async function train(spec: TrainSpec) {
  const host = { read: async (path: string) => Promise.reject(new Error(`asked for ${path}`)) };
  for await (const event of runJob(await testGpu(), { job: 'train', ...spec }, host)) {
    if (event.type !== 'result') continue;
    const { readings, losses } = event.result as { readings?: { keskar: Reading[] }; losses: number[] };
    return { readings: readings?.keskar ?? [], losses, weights: event.tensors! };
  }
  throw new Error('no result');
}

/** The losses of all examples in float64. */
function lossesAt(flat: readonly number[]): number[] {
  const { x, targets, examples } = syntheticDataset(DATA);
  if (targets.kind !== 'classes') throw new Error('no classes');
  return Array.from({ length: examples }, (_, n) => {
    const z = [0, 1, 2].map((o) =>
      [0, 1, 2, 3, 4].reduce((sum, i) => sum + flat[5 * o + i]! * x[5 * n + i]!, flat[15 + o]!),
    );
    return Math.log(z.reduce((sum, each) => sum + Math.exp(each), 0)) - z[targets.labels[n]!]!;
  });
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

test('what the instrument tells of weights that stay is their sharpness, with the error of float64', async () => {
  const still = { ...BASE, steps: 1, optimizer: { type: 'sgd', lr: 0 } } as const;
  const asked = { type: 'keskar', every: 1, examples: 60, epsilon: 0.01 };
  const one = await train({ ...still, instruments: [{ ...asked, iterations: 1 }] });
  const ten = await train({ ...still, instruments: [{ ...asked, iterations: 10 }] });
  const tensors = readSafetensors('final.safetensors', one.weights);
  const theta = ['0.weight', '0.bias'].flatMap((name) => [...(tensors.get(name)!.data as Float32Array)]);
  const before = lossesAt(theta);
  const f = mean(before);
  const slopes = theta.map((_, i) => {
    const moved = (by: number) => mean(lossesAt(theta.map((v, j) => (j === i ? v + by : v))));
    return (moved(1e-5) - moved(-1e-5)) / 2e-5;
  });
  const radii = theta.map((value) => 0.01 * (Math.abs(value) + 1));
  const after = lossesAt(theta.map((value, i) => value + radii[i]! * Math.sign(slopes[i]!)));
  const rise = mean(after) - f;
  const percent = 100 / (1 + f);
  const influence = before.map(
    (loss, n) => percent * (after[n]! - loss) - (percent * rise * (loss - f)) / (1 + f),
  );
  const average = mean(influence);
  const spread = influence.reduce((sum, v) => sum + (v - average) ** 2, 0) / (60 - 1) / 60;
  const told = one.readings[0]!;
  expect(told.phi! / (percent * rise)).toBeCloseTo(1, 4);
  expect(told.phiStderr! / Math.sqrt(spread)).toBeCloseTo(1, 3);
  expect(told.maximum).toBeCloseTo(f + rise, 5);
  const firstOrder = percent * slopes.reduce((sum, g, i) => sum + Math.abs(g) * radii[i]!, 0);
  expect(told.phiFirstOrder! / firstOrder).toBeCloseTo(1, 4);

  // Ten steps find what the search over a data set finds, or nearly.
  const weights = new Map([
    ['0.weight', Float32Array.from(theta.slice(0, 15))],
    ['0.bias', Float32Array.from(theta.slice(15))],
  ]);
  const model = parseModel('model.json', MODEL);
  using at = await point(await testGpu(), { model, weights, data: syntheticDataset(DATA) });
  const [box] = await at.measure(keskar({ epsilon: 0.01 }));
  expect(ten.readings[0]!.phi! / box!.phi).toBeGreaterThan(0.98);
  expect(ten.readings[0]!.phi! / box!.phi).toBeLessThan(1 + 1e-4);
});

test('it changes no bit of a run, and looks when it is asked to', async () => {
  const plain = await train(BASE);
  const watched = await train({ ...BASE, instruments: [{ type: 'keskar', at: [1, 3], examples: 20 }] });
  expect(watched.readings.map(({ step }) => step)).toEqual([1, 3]);
  expect(watched.readings.every(({ phi }) => phi! > 0)).toBe(true);
  expect(watched.losses).toEqual(plain.losses);
  expect(watched.weights).toEqual(plain.weights);
});

test('of one example there is no error, and what is no option is refused by name', async () => {
  const { readings } = await train({ ...BASE, instruments: [{ type: 'keskar', at: [1], examples: 1 }] });
  expect(readings[0]!.phiStderr).toBeNull();
  const refused = train({ ...BASE, instruments: [{ type: 'keskar', at: [1], epsilon: 0 }] });
  await expect(refused).rejects.toThrow(/instruments\.0\.epsilon/);
});
