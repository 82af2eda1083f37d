import { describe, expect, test } from 'vitest';
import {
  compareKernels,
  comparisonText,
  parseKernelsReport,
  ratioOf,
} from '../../src/bench/compareKernels.ts';
import { kernelsCsv } from '../../src/bench/kernelsCsv.ts';
import { KERNELS_FORMAT, type KernelsReport, type KernelsRow } from '../../src/bench/kernelsReport.ts';
import { kernelsText, ladderLines, timeText } from '../../src/bench/kernelsTable.ts';
import { fillingRepeats } from '../../src/bench/repeats.ts';
import { attainable, rooflineShare } from '../../src/bench/roofline.ts';
import { sampledMatmul } from '../../src/bench/sampledMatmul.ts';
import { quantile, timingOf } from '../../src/bench/timing.ts';
import { uniform } from '../../src/selftest/values.ts';

function ceiling(unit: 'GB/s' | 'GFLOP/s' | 'µs', median: number) {
  return { unit, median, q1: median, q3: median, samples: [median], by: 'a test' };
}

/** 10 GB/s and 100 GFLOP/s: the roof has its edge at 10 flops a byte. */
const CEILINGS = {
  copyBandwidth: ceiling('GB/s', 10),
  fmaPeak: ceiling('GFLOP/s', 100),
  dispatchCost: ceiling('µs', 2),
  submitLatency: ceiling('µs', 50),
  readbackLatency: ceiling('µs', 80),
};

function row(id: string, samples: readonly number[] | null, changes: Partial<KernelsRow> = {}): KernelsRow {
  return {
    id,
    family: 'matmul',
    title: 'NN',
    shape: '4×4×4',
    ladder: null,
    dispatches: [
      {
        kernel: 'matmul/matmulNN',
        knobs: { TILE_M: 4, BIAS: false },
        grid: [1, 1, 1],
        workgroupSize: [64, 1, 1],
        workgroupBytes: 0,
        accumulators: 16,
      },
    ],
    error: 1e-7,
    tolerance: 1e-6,
    wrong: false,
    failed: null,
    compile: 12,
    repeats: 3,
    time: samples && timingOf(samples),
    flops: 128,
    bytes: 192,
    intensity: 128 / 192,
    gflops: 1,
    gbs: 1.5,
    roofline: { share: 0.15, bound: 'memory' },
    ...changes,
  };
}

function report(rows: readonly KernelsRow[], changes: Partial<KernelsReport> = {}): KernelsReport {
  return {
    format: KERNELS_FORMAT,
    adapter: {
      vendor: 'google',
      architecture: 'swiftshader',
      device: '',
      description: 'SwiftShader, "5.0"',
      software: true,
      runtime: 'page',
      engine: 'Chromium 150',
      features: [],
      limits: {},
    },
    features: [],
    engine: 'Chromium 150',
    runtime: 'page',
    version: '0.1.0',
    commit: null,
    date: '2026-11-25T00:00:00.000Z',
    quick: false,
    clock: { kind: 'timestamp-query', grain: 1e-6, note: null },
    ceilings: CEILINGS,
    rows,
    ladders: [],
    heatMap: null,
    ...changes,
  };
}

describe('a timing', () => {
  test('has the quartiles of its samples, whatever their order', () => {
    const samples = [5, 1, 4, 2, 3];
    expect(timingOf(samples)).toEqual({ samples, median: 3, q1: 2, q3: 4, spread: expect.closeTo(1.6, 12) });
    expect(quantile([1, 2], 0.5)).toBe(1.5);
    expect(quantile([7], 0.9)).toBe(7);
  });

  test('has a spread of the farther decile, and no less than the grain of the clock', () => {
    expect(timingOf([10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 20]).spread).toBe(0);
    expect(timingOf([10, 10, 10, 20, 20]).spread).toBe(10);
    expect(timingOf([10, 10], 0.25).spread).toBe(0.25);
  });

  test('is printed to the second digit of its spread', () => {
    expect(timeText({ median: 12.3456, spread: 0.123 })).toBe('12.35 ± 0.12');
    expect(timeText({ median: 1234.56, spread: 34 })).toBe('1235 ± 34');
    expect(timeText({ median: 0.001234, spread: 0 })).toBe('0.00123');
  });
});

test('repeats fill a sample, after at least three passes', async () => {
  const passes: number[] = [];
  const timer = (milliseconds: number) => async (repeats: number) => {
    passes.push(repeats);
    return milliseconds * repeats;
  };
  const found = await fillingRepeats(timer(0.5));
  expect(found.milliseconds).toBe(0.5);
  expect(found.repeats * 0.5).toBeGreaterThanOrEqual(20);
  expect(found.repeats).toBeLessThan(60);
  expect(passes.length).toBeGreaterThanOrEqual(3);

  passes.length = 0;
  expect(await fillingRepeats(timer(50))).toEqual({ repeats: 1, milliseconds: 50 });
  expect(passes).toEqual([1, 1, 1]);
});

describe('the roofline', () => {
  test('is the bandwidth up to the edge, then the peak', () => {
    expect(attainable(0.25, CEILINGS)).toBe(2.5);
    expect(attainable(10, CEILINGS)).toBe(100);
    expect(attainable(1000, CEILINGS)).toBe(100);
  });

  test('bounds a kernel by what takes longer at the ceilings', () => {
    // 1 GB at 10 GB/s takes 100 ms, 1 GFLOP at 100 GFLOP/s 10 ms.
    expect(rooflineShare({ flops: 1e9, bytes: 1e9, milliseconds: 200 }, CEILINGS)).toEqual({
      share: 0.5,
      bound: 'memory',
    });
    expect(rooflineShare({ flops: 1e11, bytes: 1e9, milliseconds: 4000 }, CEILINGS)).toEqual({
      share: 0.25,
      bound: 'compute',
    });
    expect(rooflineShare({ flops: 0, bytes: 1e9, milliseconds: 80 }, CEILINGS)).toEqual({
      share: 1.25,
      bound: 'memory',
    });
  });

  test('is the share of what is attainable at the intensity', () => {
    const work = { flops: 3e9, bytes: 2e9, milliseconds: 1000 };
    expect(rooflineShare(work, CEILINGS)!.share).toBeCloseTo(3 / attainable(1.5, CEILINGS), 12);
  });
});

describe('a comparison', () => {
  test('tells a difference beyond both spreads from one within', () => {
    const a = { ...timingOf([10]), spread: 0.3 };
    expect(ratioOf(a, { ...timingOf([10.4]), spread: 0.4 })).toMatchObject({ within: true });
    expect(ratioOf(a, { ...timingOf([11]), spread: 0.4 })).toMatchObject({ within: false });
    expect(ratioOf(a, { ...timingOf([20]), spread: 0 })!.spread).toBeCloseTo(0.06, 12);
    expect(ratioOf(a, null)).toBeNull();
  });

  test('pairs rows by their ids and names those that one run lacks', () => {
    const a = report([row('x', [1, 1, 1]), row('y', [2, 2, 2]), row('only a', [1])]);
    const b = report([row('y', [3, 3, 3]), row('x', [1, 1, 1]), row('only b', null, { wrong: true })]);
    const found = compareKernels(a, b);
    expect(found.rows.map(({ id, ratio }) => [id, ratio!.value])).toEqual([
      ['x', 1],
      ['y', 1.5],
    ]);
    expect(found.onlyA).toEqual(['only a']);
    expect(found.onlyB).toEqual(['only b']);
    const text = comparisonText(found);
    expect(text).toMatch(/^\| x .*within the spread/m);
    expect(text).toMatch(/^\| y .*1\.500 ± 0 .*B is slower/m);
    expect(text).toContain('1 of 2 rows are within the spread');
    expect(text).toContain('only in B: only b');
  });

  test('has no ratio where a run is wrong, and says so', () => {
    const a = report([row('x', [1, 1, 1])]);
    const b = report([row('x', null, { wrong: true })]);
    expect(compareKernels(a, b).rows[0]!.ratio).toBeNull();
    expect(comparisonText(compareKernels(a, b))).toMatch(/^\| x .*WRONG/m);
  });

  test('warns of other adapters, of software and of quick runs', () => {
    const a = report([]);
    expect(compareKernels(a, a).warnings).toEqual(['times of a software adapter say nothing about a GPU']);
    const gpu = { ...a.adapter, vendor: 'nvidia', architecture: 'hopper', description: '', software: false };
    const other = report([], { adapter: gpu, engine: 'Dawn 0.6.2', quick: true });
    const warnings = compareKernels(a, other).warnings.join('\n');
    expect(warnings).toMatch(
      /adapters differ: A's is google swiftshader.*\(software\), B's is nvidia hopper/,
    );
    expect(warnings).toMatch(/engines differ/);
    expect(warnings).toMatch(/quick/);
  });
});

describe('a file', () => {
  const whole = report([row('x', [1, 2, 3]), row('y', null, { failed: 'no subgroups', error: null })]);

  test('is read back as it was written', () => {
    expect(parseKernelsReport(JSON.stringify(whole), 'a.json')).toEqual(whole);
  });

  test.for([
    ['cut short', '{', /a\.json: bench: is not JSON/],
    ['a list', '[]', /format: found a list, expected "basin-bench-kernels\/1"/],
    ['null', 'null', /format: found object/],
    ['another bench', JSON.stringify({ bench: 'step', runs: [] }), /found a result of "bench step"/],
    ['a training run', JSON.stringify({ losses: [], finalLoss: 1 }), /found none among losses, finalLoss/],
    [
      'another version',
      JSON.stringify({ ...whole, format: 'basin-bench-kernels/9' }),
      /found "basin-bench-kernels\/9"/,
    ],
    [
      'a row without flops',
      JSON.stringify({ ...whole, rows: [{ ...whole.rows[0], flops: null }] }),
      /rows\.0\.flops/,
    ],
    ['no ceilings', JSON.stringify({ ...whole, ceilings: {} }), /ceilings\.copyBandwidth/],
  ] as const)('that is something else is refused: %s', ([, text, reason]) => {
    expect(() => parseKernelsReport(text, 'a.json')).toThrow(reason);
  });

  test('as CSV has a line a row, quoted where it must be', () => {
    const lines = kernelsCsv(whole).split('\r\n');
    expect(lines).toHaveLength(4);
    const head = lines[0]!.split(',');
    expect(head.slice(0, 4)).toEqual(['id', 'family', 'title', 'shape']);
    expect(lines[1]).toContain('matmul/matmulNN,TILE_M=4 BIAS=false,2,1.5,2.5,');
    expect(lines[1]).toContain('"google swiftshader SwiftShader, ""5.0""",true,Chromium 150');
    expect(lines[2]).toContain(',not run,');
    // The quoted cell holds one comma.
    for (const line of lines.slice(1, 3)) expect(line.split(',')).toHaveLength(head.length + 1);
  });
});

test('the table labels a software adapter and a wrong row, which has no speed', () => {
  const wrong = row('w', null, { title: 'wrong one', wrong: true, gflops: null, gbs: null, roofline: null });
  const text = kernelsText(report([row('x', [1, 2, 3]), wrong]));
  expect(text).toMatch(/SOFTWARE adapter/);
  expect(text).toMatch(/\| matmul NN +\| 4×4×4 \| matmulNN \| +2\.00 ± 0\.80 \|/);
  const line = text.split('\n').find((each) => each.includes('wrong one'))!;
  expect(line).toContain('WRONG');
  expect(line).not.toContain('GFLOP');
  expect(text).toContain('1 of 2 rows are WRONG');
  const widths = text.split('\n').flatMap((each) => (each.startsWith('|') ? [each.length] : []));
  expect(new Set(widths).size).toBe(1);
});

test('a ladder is told step by step, with what each took', () => {
  const ladder = { name: 'sum', number: 2, title: 'a tree' } as const;
  const rung = (number: number) => ({
    number,
    title: `step ${number}`,
    kernel: 'a/b',
    why: `Reason ${number}.`,
  });
  const ladders = [
    { name: 'sum', about: 'a sum', rungs: [rung(1), rung(2)] },
    { name: 'moments', about: 'not asked for', rungs: [rung(1)] },
  ] as const;
  expect(ladderLines({ ladders, rows: [row('x', [1, 2, 3], { ladder })] })).toEqual([
    'sum: a sum',
    '  1. step 1 (shaders/a/b.wgsl). Reason 1.',
    '  2. step 2 (shaders/a/b.wgsl; 4×4×4: 2.00 ± 0.80 ms). Reason 2.',
    '',
  ]);
});

test.for(['NN', 'NT', 'TN'] as const)('rows of a large product stand for all of it: %s', (form) => {
  const [m, n, k] = [520, 512, 512];
  const a = uniform(m * k, 1);
  const b = uniform(k * n, 2);
  const { values, at } = sampledMatmul(form, a, b, { m, n, k });
  expect(values).toHaveLength(31 * n);
  const rows = [...new Set(Array.from(at!, (place) => Math.floor(place / n)))];
  expect(rows).toHaveLength(31);
  expect([rows[0], rows.at(-1)]).toEqual([0, m - 1]);
  for (const i of [0, 5 * n + 7, 31 * n - 1]) {
    const [row, column] = [Math.floor(at![i]! / n), at![i]! % n];
    let sum = 0;
    for (let l = 0; l < k; l++) {
      const x = a[form === 'TN' ? l * m + row : row * k + l]!;
      const y = b[form === 'NT' ? column * k + l : l * n + column]!;
      sum += x * y;
    }
    expect(values[i]).toBe(sum);
  }
});
