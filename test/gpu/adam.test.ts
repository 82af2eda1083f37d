import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/data/safetensors.ts';
import { quadraticModel } from '../../src/data/synthetic/quadratic.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { runJob } from '../../src/jobs/job.ts';
import type { TrainSpec } from '../../src/jobs/trainSpec.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import { deriveSeed } from '../../src/random/deriveSeed.ts';
import { type AdamVectors, adam } from '../../src/reference/adam.ts';
import { train } from '../../src/train/train.ts';
import { testGpu } from './device.ts';

const DIMS = 3;
const DATA = `quadratic?examples=40&dims=${DIMS}&curvature=2&sigma=0.5`;
const STEPS = 60;

/** Batches of 8, then of 16, in file order. */
const SPEC: TrainSpec = {
  model: quadraticModel({ dims: DIMS }) as unknown as TrainSpec['model'],
  data: DATA,
  order: 'sequential',
  batch_schedule: [
    { from_step: 0, batch_size: 8 },
    { from_step: 20, batch_size: 16 },
  ],
  steps: STEPS,
  seed: 5,
  optimizer: { type: 'adamw', lr: 0.03, amsgrad: true, weight_decay: 0.1 },
};

async function trained(spec: TrainSpec): Promise<Map<string, Float32Array>> {
  const host = { read: (path: string) => Promise.reject(new Error(`asked for ${path}`)) };
  for await (const event of runJob(await testGpu(), { job: 'train', ...spec }, host)) {
    if (event.type !== 'result') continue;
    const tensors = readSafetensors('result', event.tensors!);
    return new Map([...tensors].map(([name, { data }]) => [name, data as Float32Array]));
  }
  throw new Error('no result');
}

/** The same run in float64: the gradient of a batch is (2a/P)(aθ − mean y), whose mean squared error is over P outputs. */
function reference({ lr, betas, eps }: { lr: number; betas: readonly [number, number]; eps: number }) {
  const { x, targets } = syntheticDataset(DATA);
  const { y } = targets as { y: Float32Array };
  const a = x[0]!;
  const start = initialStateDict(quadraticModel({ dims: DIMS }), deriveSeed(5, 'init')).get('0.weight')!;
  const zeros = new Float64Array(DIMS);
  let state: AdamVectors = {
    theta: start.data as Float32Array,
    expAvg: zeros,
    expAvgSq: zeros,
    maxExpAvgSq: zeros,
  };
  let at = 0;
  for (let step = 0; step < STEPS; step++) {
    const B = step < 20 ? 8 : 16;
    const gradient = Float64Array.from({ length: DIMS }, (_, d) => {
      let sum = 0;
      for (let i = 0; i < B; i++) sum += a * state.theta[d]! - y[((at + i) % 40) * DIMS + d]!;
      return ((2 * a) / DIMS) * (sum / B);
    });
    at += B;
    state = adam(state, gradient, { step, rate: lr, betas, eps, weightDecay: 0.1, decoupled: true });
  }
  return state.theta;
}

test('AdamW with amsgrad follows float64 over a change of the batch size, each replica by settings of its own', async () => {
  const usual = { lr: 0.03, betas: [0.9, 0.999], eps: 1e-8 } as const;
  const own = { lr: 0.01, betas: [0.5, 0.9], eps: 1e-2 } as const;
  const replicas = [{}, { lr: own.lr, betas: [...own.betas] as [number, number], eps: own.eps }];
  const together = await trained({ ...SPEC, replicas });
  for (const [replica, settings] of [usual, own].entries()) {
    const found = together.get(`replica.${replica}.0.weight`)!;
    Array.from(reference(settings)).forEach((value, i) => {
      // A step is as long as ε whatever the gradient, so that 60 of them gather 60 roundings of numbers near 1.
      expect(Math.abs(found[i]! - value)).toBeLessThan(STEPS * 2 ** -23);
    });
    const alone = await trained({ ...SPEC, optimizer: { ...SPEC.optimizer, ...replicas[replica] } });
    expect(alone.get('0.weight')).toEqual(found);
  }
});

test('the library takes the same steps, and its readings have no temperature and no momentum', async () => {
  const { layers } = quadraticModel({ dims: DIMS });
  const run = await train(await testGpu(), {
    model: layers,
    loss: 'mse',
    data: syntheticDataset(DATA),
    order: 'sequential',
    batchSchedule: [
      { fromStep: 0, batchSize: 8 },
      { fromStep: 20, batchSize: 16 },
    ],
    steps: STEPS,
    seed: 5,
    optimizer: 'adamw',
    amsgrad: true,
    weightDecay: 0.1,
    grid: { lr: [0.03, 0.01] },
  });
  for await (const { temperature, settings } of run.readings()) {
    expect(temperature).toBeNull();
    expect(Object.keys(settings)).toEqual(['lr', 'weightDecay', 'seed']);
  }
  const weights = await run.stateDict({ lr: 0.03 });
  expect(weights.get('0.weight')!.data).toEqual((await trained(SPEC)).get('0.weight'));
  run.dispose();
});
