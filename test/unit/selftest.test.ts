import { beforeAll, expect, test, vi } from 'vitest';
import { emulatedGpu } from '../../src/selftest/emulatedGpu.ts';
import { prepareTrial, runTrial, type SelftestRow } from '../../src/selftest/runTrial.ts';
import { selftest } from '../../src/selftest/selftest.ts';
import type { Trial } from '../../src/selftest/trial.ts';
import { engineTrials } from '../../src/selftest/trials.ts';
import { given } from '../../src/selftest/values.ts';
import { GPU_CONSTANTS } from './gpuConstants.ts';

const copy: Trial = {
  kernel: 'structure/copy',
  name: 'three numbers',
  replicas: 1,
  operands: { x: given([3], Float32Array.of(1, 2, 3)) },
  trace: ({ x }) => [x!],
  expect: () => [{ values: [1, 2, 3], tolerance: 0 }],
};

async function run(changes: Partial<Trial>) {
  const { gpu } = emulatedGpu();
  return runTrial(gpu, await prepareTrial(gpu, { ...copy, ...changes }));
}

beforeAll(() => {
  for (const [name, value] of Object.entries(GPU_CONSTANTS)) vi.stubGlobal(name, value);
});

test('a trial passes where its kernel does what the reference does', async () => {
  expect(await run({})).toMatchObject({
    kernel: 'structure/copy',
    worstError: 0,
    deterministic: true,
    ok: true,
  });
});

test('a trial fails where one number is off by more than allowed', async () => {
  const values = [1, 2.5, 3];
  expect(await run({ expect: () => [{ values, tolerance: [0, 0.5, 0] }] })).toMatchObject({ ok: true });
  expect(await run({ expect: () => [{ values, tolerance: [0, 0.4, 0] }] })).toMatchObject({
    ok: false,
    worstError: 0.5,
    tolerance: 0.4,
  });
});

test('a trial compares the places that its reference has', async () => {
  const of = (values: number[], at: number[]) => run({ expect: () => [{ values, tolerance: 0, at }] });
  expect(await of([3, 1], [2, 0])).toMatchObject({ ok: true });
  expect(await of([3, 2], [2, 0])).toMatchObject({ ok: false, worstError: 1 });
  expect(await of([3], [3])).toMatchObject({ ok: false, worstError: null });
});

test('a trial fails where a number is missing', async () => {
  const operands = { x: given([3], Float32Array.of(1, Number.NaN, 3)) };
  expect(await run({ operands })).toMatchObject({ ok: false, worstError: null });
});

test('a trial fails where two runs differ', async () => {
  let uploads = 0;
  const operands = { x: given([3], () => Float32Array.of(1, 2, uploads++ % 2 ? 3 : 3.5)) };
  const tolerance = 1;
  expect(await run({ operands, expect: () => [{ values: [1, 2, 3], tolerance }] })).toMatchObject({
    ok: false,
    deterministic: false,
  });
});

test('a trial that does not run its kernel is an error', async () => {
  await expect(run({ kernel: 'structure/fill' })).rejects.toThrow('structure/fill');
});

test('a kernel that the device refuses fails its rows, and the others go on', async () => {
  const { gpu } = emulatedGpu();
  const compile = gpu.device.createComputePipelineAsync;
  gpu.device.createComputePipelineAsync = async (descriptor) => {
    if (descriptor.label?.startsWith('structure/fill')) throw new Error('refused');
    return compile(descriptor);
  };
  const rows: SelftestRow[] = [];
  const running = selftest(gpu, engineTrials);
  while (rows.length < 12) {
    const next = await running.next();
    if (!next.done) rows.push(next.value.row);
  }
  await running.return(undefined as never);
  const fills = rows.filter(({ kernel }) => kernel === 'structure/fill');
  expect(fills.length).toBeGreaterThan(0);
  for (const row of fills)
    expect(row).toMatchObject({ ok: false, error: expect.stringContaining('refused') });
  expect(rows.filter(({ ok }) => ok).length).toBe(rows.length - fills.length);
});
