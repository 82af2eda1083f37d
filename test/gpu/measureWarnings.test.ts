import { expect, test } from 'vitest';
import { writeSafetensors } from '../../src/data/safetensors.ts';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import { runJob } from '../../src/jobs/job.ts';
import { permutedIndex } from '../../src/random/permutation.ts';
import { testGpu } from './device.ts';
import { randomValues } from './trace.ts';

const [N, DIMS, CLASSES] = [60, 4, 5];

interface Result extends Record<string, unknown> {
  warnings: string[];
  perExampleLoss: number[];
}

/** `measure` of a linear classifier on examples of classes that take turns. */
async function measure(options: object, x = inputs()): Promise<Result> {
  const tensor = (shape: number[], data: Float32Array): HostTensor => ({ dtype: 'F32', shape, data });
  const files: Record<string, Uint8Array> = {
    'm.json': new TextEncoder().encode(
      JSON.stringify({
        layers: [{ type: 'Linear', in_features: DIMS, out_features: CLASSES }],
        loss: 'cross_entropy',
      }),
    ),
    'd.safetensors': writeSafetensors(
      new Map<string, HostTensor>([
        ['x', tensor([N, DIMS], x)],
        ['y', { dtype: 'U8', shape: [N], data: Uint8Array.from({ length: N }, (_, n) => n % CLASSES) }],
      ]),
    ),
    'w.safetensors': writeSafetensors(
      new Map([
        ['0.weight', tensor([CLASSES, DIMS], randomValues(CLASSES * DIMS, 4))],
        ['0.bias', tensor([CLASSES], randomValues(CLASSES, 5))],
      ]),
    ),
  };
  const spec = { job: 'measure' as const, model: 'm.json', weights: 'w.safetensors', data: 'd.safetensors' };
  for await (const event of runJob(
    await testGpu(),
    { ...spec, ...options },
    { read: async (p) => files[p]! },
  )) {
    if (event.type === 'result') return event.result as Result;
  }
  throw new Error('no result');
}

/** Each class about a mean of its own. */
function inputs(): Float32Array {
  const means = randomValues(CLASSES * DIMS, 8);
  return randomValues(N * DIMS, 9).map(
    (v, i) => v / 4 + 2 * means[(Math.floor(i / DIMS) % CLASSES) * DIMS + (i % DIMS)]!,
  );
}

test('units of classes that take turns are told, and a shuffle by a seed mends them', async () => {
  const plain = await measure({});
  const turns = await measure({ ghost_batch: CLASSES });
  const shuffled = await measure({ ghost_batch: CLASSES, ghost_order: 'shuffle', seed: 2 });
  const told = /the file's order tells: its units are more alike/;
  expect(turns.warnings.some((text) => told.test(text))).toBe(true);
  expect(shuffled.warnings.some((text) => told.test(text))).toBe(false);
  expect(shuffled.warnings.some((text) => text.includes('5 examples drawn by seed 2'))).toBe(true);
  // Of random units, tr Σ is that of examples over b.
  const expected = (plain.traceCovariance as number) / CLASSES;
  expect((turns.traceCovariance as number) / expected).toBeLessThan(0.5);
  expect((shuffled.traceCovariance as number) / expected).toBeGreaterThan(0.6);
  expect((shuffled.traceCovariance as number) / expected).toBeLessThan(1.6);
  // Losses are told as the file has the examples, gradients as the units are.
  plain.perExampleLoss.forEach((loss, n) => {
    expect(shuffled.perExampleLoss[n]! / loss).toBeCloseTo(1, 5);
  });
  expect((shuffled.loss as number) / (plain.loss as number)).toBeCloseTo(1, 5);
  expect(shuffled.perExampleGradNormSq).toHaveLength(N / CLASSES);
  expect(permutedIndex(2, 0, N, 0)).not.toBe(0);
});

test('shuffled units without units are refused', async () => {
  await expect(measure({ ghost_order: 'shuffle' })).rejects.toThrow(/ghost_order.*give ghost_batch/);
});

test('a norm that passes float32 is null for a reason', async () => {
  const x = inputs().map((v) => v * 1e18);
  x.fill(1e20, 0, DIMS);
  const result = await measure(
    { eval: true },
    x.map((v, i) => (i < 2 * DIMS ? v : v * 1e-18)),
  );
  expect((result.perExampleGradNormSq as (number | null)[]).includes(null)).toBe(true);
  const reason = result.warnings.find((text) => text.includes('passes the largest of float32'));
  expect(reason).toMatch(/perExampleGradNormSq \(\d+ of 60\)/);
  for (const [key, value] of Object.entries(result)) {
    if (value === null)
      expect(
        result.warnings.some((text) => text.includes(key.replace(/(Stderr|Interval)$/, ''))),
        key,
      ).toBe(true);
  }
});
