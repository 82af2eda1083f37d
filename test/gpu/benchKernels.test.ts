import { beforeAll, expect, it } from 'vitest';
import type { KernelCase } from '../../src/bench/kernelCases.ts';
import { prepareRow } from '../../src/bench/prepareRow.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { binaryTrial } from '../../src/selftest/cases/elementwise.ts';
import { testGpu } from './device.ts';

const ELEMENTS = 33;
const TRIAL = binaryTrial('add', ELEMENTS, 1, 1);
const ADD: KernelCase = {
  id: 'elementwise add 33',
  family: 'elementwise',
  title: 'add',
  shape: '33',
  ladder: null,
  flops: ELEMENTS,
  trial: TRIAL,
  refuses: () => null,
};
/** As if every run took 8 ms. */
const clock = { time: async (_program: unknown, repeats: number) => 8 * repeats };

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

it('a right row is ready to be timed, with what it moves and takes', async () => {
  const { row, prepared, broken } = await prepareRow(gpu, clock, ADD);
  expect(row).toMatchObject({
    wrong: false,
    failed: null,
    time: null,
    bytes: 12 * ELEMENTS,
    intensity: 1 / 12,
  });
  expect(row.repeats).toBeGreaterThanOrEqual(3);
  expect(row.dispatches).toMatchObject([{ kernel: 'elementwise/binary', workgroupSize: [64, 1, 1] }]);
  expect(row.compile).toBeGreaterThan(0);
  expect(broken).toBe(false);
  prepared!.dispose();
});

it('a row that differs from float64 in one number is wrong, and there is nothing to time', async () => {
  const expect_: typeof TRIAL.expect = (values) => {
    const [sum] = TRIAL.expect(values) as [{ values: Float64Array; tolerance: number }];
    return [{ ...sum, values: sum.values.map((v, i) => (i === ELEMENTS - 1 ? v + 1e-3 : v)) }];
  };
  const { row, prepared, broken } = await prepareRow(gpu, clock, {
    ...ADD,
    trial: { ...TRIAL, expect: expect_ },
  });
  expect(row).toMatchObject({ wrong: true, failed: null, time: null, repeats: 0 });
  expect(row.error!).toBeGreaterThan(row.tolerance);
  expect([prepared, broken]).toEqual([null, true]);
});

it('a row that cannot be made is broken; one that the adapter is not meant to run is not', async () => {
  const trace = () => {
    throw new Error('no such kernel');
  };
  expect(await prepareRow(gpu, clock, { ...ADD, trial: { ...TRIAL, trace } })).toMatchObject({
    row: { failed: 'no such kernel', wrong: false },
    prepared: null,
    broken: true,
  });
  expect(await prepareRow(gpu, clock, { ...ADD, refuses: () => 'no subgroups' })).toMatchObject({
    row: { failed: 'no subgroups' },
    prepared: null,
    broken: false,
  });
});
