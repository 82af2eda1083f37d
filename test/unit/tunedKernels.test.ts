import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  clearKernelCache,
  kernelCachePath,
  readKernelCache,
  writeKernelCache,
} from '../../src/cli/kernelCache.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { engineName } from '../../src/gpu/engineName.ts';
import type { KernelDemand } from '../../src/gpu/kernelChoice.ts';
import type { Program } from '../../src/gpu/program.ts';
import { RunKernels } from '../../src/gpu/runKernels.ts';
import { estimate, interleave, summarise, winner } from '../../src/gpu/tuner.ts';
import { parseTrainSpec } from '../../src/jobs/trainSpec.ts';
import { matmulCandidates, matmulDemand, planMatmul } from '../../src/ops/plans/matmulPlan.ts';
import { shippedTable, validEntries, withTunedKernels } from '../../src/tuning/chosenKernels.ts';
import { kernelVersions } from '../../src/tuning/kernelVersions.ts';
import { parseShape } from '../../src/tuning/tunedShapes.ts';
import {
  EMPTY_TABLE,
  entriesFor,
  merge,
  parseTable,
  type TunedDevice,
  type TunedEntry,
} from '../../src/tuning/tunedTable.ts';

const device: TunedDevice = {
  vendor: 'acme',
  architecture: 'one',
  device: '',
  description: 'a card',
  engine: 'Chromium 150',
};
const target = { kind: 'gpu', subgroups: false, subgroupSize: 0 } as const;
const shape = { form: 'NN', m: 64, n: 64, k: 64 } as const;
const demand = matmulDemand(shape);
const gpu = {
  device: { features: new Set(), adapterInfo: {} },
  info: { ...device, software: false },
} as unknown as Gpu;

const entry = (changes: Partial<TunedEntry> = {}): TunedEntry => ({
  family: 'matmul',
  bucket: demand.bucket,
  key: demand.key,
  kernels: kernelVersions(target).matmul!,
  default: 'tiles 1×1',
  variant: 'tiles 4×4',
  times: { 'tiles 4×4': [1, 0.1], 'tiles 1×1': [2, 0.1], 'tiles 8×8': [9, null] },
  excluded: { 'vec4 8×8': 'does not compile' },
  date: '2026-01-31',
  ...changes,
});

describe('a table of choices', () => {
  it('is read as it was written, and refused where it is none', () => {
    const table = merge(EMPTY_TABLE, device, [entry()]);
    expect(parseTable(JSON.parse(JSON.stringify(table)))).toEqual(table);
    for (const wrong of [null, [], {}, { format: 'basin kernels 2', devices: [] }, { ...table, more: 1 }]) {
      expect(() => parseTable(wrong)).toThrow();
    }
    const broken = { ...entry(), times: { 'tiles 4×4': 'fast' } };
    expect(() => parseTable({ ...table, devices: [{ device, entries: [broken] }] })).toThrow(
      /devices\.0\.entries\.0/,
    );
  });

  it('keeps the newest choice of each bucket and device', () => {
    const other = { ...device, engine: 'Chromium 151' };
    let table = merge(EMPTY_TABLE, device, [entry(), entry({ bucket: 'another' })]);
    table = merge(table, other, [entry({ variant: 'tiles 2×2' })]);
    table = merge(table, device, [entry({ variant: 'tiles 8×8' })]);
    expect(entriesFor(table, device).map(({ bucket, variant }) => [bucket, variant])).toEqual([
      ['another', 'tiles 4×4'],
      [demand.bucket, 'tiles 8×8'],
    ]);
    expect(entriesFor(table, other).map(({ variant }) => variant)).toEqual(['tiles 2×2']);
    expect(entriesFor(table, { ...device, description: 'another card' })).toEqual([]);
  });

  it('lets go of choices between kernels that are no more, of the family and device that are measured anew', () => {
    const old = entry({ bucket: 'another', kernels: 'kernels of before' });
    const sum = entry({ family: 'sum', bucket: 'a sum', kernels: 'kernels of before' });
    const other = { ...device, engine: 'Chromium 151' };
    let table = merge(merge(EMPTY_TABLE, other, [old]), device, [old, sum]);
    table = merge(table, device, [entry()]);
    expect(entriesFor(table, device)).toEqual([sum, entry()]);
    expect(entriesFor(table, other)).toEqual([old]);
  });

  it('is shipped for software adapters only', () => {
    for (const { device, entries } of shippedTable().devices) {
      expect(`${device.architecture} ${device.description} ${device.device}`).toMatch(
        /swiftshader|llvmpipe/i,
      );
      for (const { variant, default: standard } of entries) expect(variant).not.toBe(standard);
    }
  });
});

describe('what decides between kernels', () => {
  const planned = (given: Gpu) => planMatmul(shape, { ...target, choices: given.kernels }).call;
  const candidate = (name: string) =>
    matmulCandidates(shape, target).find((each) => each.name === name)!.call;

  it('is what was measured on this device with these kernels', () => {
    const tuned = (changes: Partial<TunedEntry>, on = device) =>
      planned(withTunedKernels(gpu, merge(EMPTY_TABLE, on, [entry(changes)])));
    const standard = planMatmul(shape, target).call;
    expect(tuned({})).toEqual(candidate('tiles 4×4'));
    expect(tuned({ variant: 'no such' })).toEqual(standard);
    expect(tuned({ kernels: 'other kernels' })).toEqual(standard);
    expect(tuned({ bucket: 'another' })).toEqual(standard);
    expect(tuned({}, { ...device, engine: 'Chromium 151' })).toEqual(standard);
    expect(planned(withTunedKernels(gpu))).toEqual(standard);
    expect(validEntries(gpu, merge(EMPTY_TABLE, device, [entry()]))).toMatchObject([{ source: 'cache' }]);
  });

  it('is a run’s own record before that, and nothing else beside it', () => {
    const tuned = withTunedKernels(gpu, merge(EMPTY_TABLE, device, [entry()]));
    const run = (record?: Record<string, Record<string, string>>) => {
      const kernels = new RunKernels(tuned, record);
      return { call: planned({ ...gpu, kernels }), record: kernels.record };
    };
    const key = demand.key;
    expect(run()).toEqual({ call: candidate('tiles 4×4'), record: { matmul: { [key]: 'tiles 4×4' } } });
    expect(run({ matmul: { [key]: 'tiles 8×8' } })).toEqual({
      call: candidate('tiles 8×8'),
      record: { matmul: { [key]: 'tiles 8×8' } },
    });
    expect(run({})).toEqual({
      call: planMatmul(shape, target).call,
      record: { matmul: { [key]: matmulCandidates(shape, target)[0]!.name } },
    });
    expect(() => run({ matmul: { [key]: 'quads 16×32' } })).toThrow(
      /"quads 16×32" is not among.*tiles 1×1, /,
    );
  });

  it('is told by shape where shapes of one bucket differ in their default', () => {
    const kernels = new RunKernels(gpu);
    const choices = { ...target, choices: kernels };
    for (const m of [724, 725, 1448]) planMatmul({ form: 'NN', m, n: 1, k: 1 }, choices);
    expect(Object.keys(kernels.record.matmul!)).toHaveLength(3);
  });

  it('is kept by the run around it as well, as an experiment’s cell has those of its trainings', () => {
    const cell = new RunKernels(withTunedKernels(gpu, merge(EMPTY_TABLE, device, [entry()])));
    const training = new RunKernels({ ...gpu, kernels: cell });
    planned({ ...gpu, kernels: training });
    expect(cell.record).toEqual({ matmul: { [demand.key]: 'tiles 4×4' } });
    expect(cell.record).toEqual(training.record);
  });

  it('may stand in train.json', () => {
    const spec = { model: { hidden: [] }, data: 'mnist', optimizer: { lr: 1 } };
    const kernels = { matmul: { [demand.key]: 'tiles 8×8' } };
    expect(parseTrainSpec({ ...spec, kernels }).kernels).toEqual(kernels);
    expect(() => parseTrainSpec({ ...spec, kernels: { matmul: 'tiles' } })).toThrow(/kernels\.matmul/);
  });
});

it('kernels have a version that their code and their variants change', () => {
  const versions = kernelVersions(target);
  expect(Object.keys(versions)).toContain('convMoments');
  expect(new Set(Object.values(versions)).size).toBe(Object.keys(versions).length);
  expect(kernelVersions(target)).toEqual(versions);
  const cpu = { kind: 'cpu', subgroups: true, subgroupSize: 4 } as const;
  expect(kernelVersions(cpu).matmul).not.toBe(versions.matmul);
});

it('products are named on the command line', () => {
  expect(parseShape('NT:64x128x784')).toEqual(matmulDemand({ form: 'NT', m: 64, n: 128, k: 784 }));
  expect(parseShape('TN 1×2×3').key).toBe('TN m=1 n=2 k=3');
  for (const wrong of ['64x128x784', 'TT:1x2x3', 'NN:1x2', 'NN:0x2x3']) {
    expect(() => parseShape(wrong)).toThrow(/is no product/);
  }
});

describe('timing', () => {
  const program = (label: string) => ({ label }) as Program;

  it('takes turns, and repeats short programs', async () => {
    const calls: [string, number][] = [];
    const time = async ({ label }: Program, repeats: number) => {
      calls.push([label, repeats]);
      return repeats * (label === 'slow' ? 30 : 4);
    };
    const samples = await interleave(time, [program('slow'), program('quick')]);
    expect(samples).toEqual([Array(7).fill(30), Array(7).fill(4)]);
    expect(calls.slice(-4)).toEqual([
      ['quick', 3],
      ['slow', 1],
      ['slow', 1],
      ['quick', 3],
    ]);
    expect(await estimate(time, program('quick'))).toBe(4);
  });

  it('is summed up by median and quartiles', () => {
    expect(summarise([3, 1, 2, 5, 4])).toEqual({ median: 3, spread: 1 });
    expect(summarise([2])).toEqual({ median: 2, spread: 0 });
  });

  it('lets a challenger win by more than both spreads only', () => {
    const standard = { median: 10, spread: 1 };
    expect(winner([standard])).toBe(0);
    expect(winner([standard, { median: 7, spread: 1 }, { median: 8, spread: 0 }])).toBe(1);
    expect(winner([standard, { median: 8, spread: 1 }])).toBe(0);
    expect(
      winner([
        { median: 10, spread: 0 },
        { median: 9.9, spread: 0 },
      ]),
    ).toBe(0);
    expect(winner([standard, { median: 12, spread: 0 }])).toBe(0);
  });
});

describe('the cache of the command line', () => {
  let folder: string;
  const printed: string[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'basin-'));
    printed.length = 0;
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  });

  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  it('lies in the cache folder', () => {
    expect(kernelCachePath({ XDG_CACHE_HOME: '/cache' })).toBe(join('/cache', 'basin', 'kernels.json'));
    expect(kernelCachePath({ XDG_CACHE_HOME: '/cache', BASIN_KERNELS: 'mine.json' })).toBe('mine.json');
  });

  it('is made with its folder, read back and cleared', async () => {
    const path = join(folder, 'basin', 'kernels.json');
    expect(readKernelCache(path)).toEqual(EMPTY_TABLE);
    const table = merge(EMPTY_TABLE, device, [entry()]);
    await writeKernelCache(table, path);
    expect(readKernelCache(path)).toEqual(table);
    expect(readFileSync(path, 'utf8')).toMatch(/\n$/);
    clearKernelCache(path);
    expect(readKernelCache(path)).toEqual(EMPTY_TABLE);
    expect(printed).toEqual([]);
  });

  it.for(['{ "format": "basin', '{ "format": "something else" }', '[]', ''])(
    'is ignored with a line: %s',
    (text) => {
      const path = join(folder, 'kernels.json');
      writeFileSync(path, text);
      expect(readKernelCache(path)).toEqual(EMPTY_TABLE);
      expect(printed).toHaveLength(1);
      expect(printed[0]).toMatch(/^basin: the kernel cache .*kernels\.json is ignored: .+\n$/);
    },
  );

  it('is ignored with a line where it is a folder', () => {
    expect(readKernelCache(folder)).toEqual(EMPTY_TABLE);
    expect(printed).toHaveLength(1);
  });
});

describe('the name of the implementation', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it.for([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0', 'Firefox 145'],
    [
      'Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36',
      'Chromium 150',
    ],
    [
      'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
      'Safari 26',
    ],
    ['', 'unknown browser'],
  ])('is read from a browser: %s', ([userAgent, name]) => {
    vi.stubGlobal('document', {});
    vi.stubGlobal('navigator', { userAgent });
    expect(engineName()).toBe(name);
  });

  it('is read from its brands and from Deno', () => {
    vi.stubGlobal('document', {});
    const brands = [
      { brand: 'Not A;Brand', version: '99' },
      { brand: 'Chromium', version: '150' },
    ];
    vi.stubGlobal('navigator', { userAgent: '', userAgentData: { brands } });
    expect(engineName()).toBe('Chromium 150');
    vi.stubGlobal('Deno', { version: { deno: '2.9.5' } });
    expect(engineName()).toBe('Deno 2.9');
  });
});

it('demands of the same bucket share a choice whatever the shape', () => {
  const near: KernelDemand = matmulDemand({ ...shape, m: 60 });
  expect(near.bucket).toBe(demand.bucket);
  expect(near.key).not.toBe(demand.key);
});
