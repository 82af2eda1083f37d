import { beforeAll, describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { type Placement, Program } from '../../src/gpu/program.ts';
import { aligned, State } from '../../src/gpu/state.ts';
import type { KernelTarget } from '../../src/ops/op.ts';
import { type Activation, type MatmulShape, planMatmul } from '../../src/ops/plans/matmulPlan.ts';
import { columnSums, matmul } from '../../src/reference/matmul.ts';
import { testGpu } from './device.ts';
import { productDispatches } from './product.ts';

const FORMS = ['NN', 'NT', 'TN'] as const;
const U = 2 ** -24;

let gpu: Gpu;
let targets: Record<string, KernelTarget>;

beforeAll(async () => {
  gpu = await testGpu();
  const size = (gpu.device.adapterInfo as GPUAdapterInfo & { subgroupMinSize?: number }).subgroupMinSize ?? 0;
  const subgroups = gpu.device.features.has('subgroups');
  targets = {
    'CPU with subgroups': { kind: 'cpu', subgroups, subgroupSize: size },
    'CPU without subgroups': { kind: 'cpu', subgroups: false, subgroupSize: 0 },
    GPU: { kind: 'gpu', subgroups, subgroupSize: size },
  };
});

/** Uniform in [-1, 1), the same for the same seed. */
function random(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

interface Run {
  shape: MatmulShape;
  target: KernelTarget;
  replicas?: number;
  /** Operands that all replicas share. */
  shared?: readonly string[];
}

interface Result {
  operands: Record<string, Float32Array[]>;
  c: Float32Array[];
  columnSum: Float32Array[];
}

/** Runs one product on random operands; replica r's own operands have the seed of replica r, whatever R is. */
async function run({ shape, target, replicas = 1, shared = [] }: Run, first = 0): Promise<Result> {
  const { m, n, k } = shape;
  const sizes: Record<string, number> = { a: m * k, b: k * n };
  if (shape.bias) sizes.bias = n;
  if (shape.mask && shape.mask !== 'none') sizes.y = m * n;
  const operands: Record<string, Float32Array[]> = {};
  const placed: Record<string, Placement> = {};
  const states: State[] = [];
  Object.entries(sizes).forEach(([name, size], which) => {
    const own = !shared.includes(name);
    const state = new State(gpu, { label: name, shape: [size], replicas: own ? replicas : undefined });
    operands[name] = Array.from({ length: replicas }, (_, r) =>
      random(size, 97 * which + (own ? first + r : 0)),
    );
    for (let r = 0; r < (own ? replicas : 1); r++) state.write(operands[name]![r]!, { replica: r });
    states.push(state);
    placed[name] = { buffer: state.buffer, offset: 0, replicaStride: state.replicaStride };
  });
  // The product starts a little into its buffer, the column sums lie behind it.
  const start = 64;
  const sumsAt = start + aligned(m * n);
  const c = new State(gpu, { label: 'c', shape: [sumsAt + m], replicas });
  placed.c = { buffer: c.buffer, offset: start, replicaStride: c.replicaStride };
  const plan = planMatmul(shape, target);
  const { dispatches, scratch } = productDispatches(gpu, plan, placed, replicas, sumsAt);
  const program = await Program.record(gpu, 'matmul', dispatches);
  program.run();
  const all = await Promise.all(Array.from({ length: replicas }, (_, r) => c.read(r)));
  for (const disposable of [program, c, ...scratch, ...states]) disposable.dispose();
  for (const values of all) {
    expect(values.subarray(0, start).every((v) => v === 0)).toBe(true);
    expect(values.subarray(start + m * n, sumsAt).every((v) => v === 0)).toBe(true);
  }
  return {
    operands,
    c: all.map((values) => values.slice(start, start + m * n)),
    columnSum: all.map((values) => values.slice(sumsAt, sumsAt + m)),
  };
}

const ACTIVATIONS: Record<Activation, (x: number) => number> = {
  none: (x) => x,
  relu: (x) => Math.max(0, x),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
};
const DERIVATIVES: Record<Activation, (y: number) => number> = {
  none: () => 1,
  relu: (y) => (y > 0 ? 1 : 0),
  tanh: (y) => 1 - y * y,
  sigmoid: (y) => y * (1 - y),
};

/**
 * Largest error in units of the bound 4 u √k · scale + 8 u. Operands are uniform in [-1, 1], so partial sums have the scale
 * √k / 3 and each of the k additions errs by at most u times that, with random signs; 8 u is for the epilogue.
 */
function errorInBounds(shape: MatmulShape, { operands, c, columnSum }: Result): number {
  const { form, m, n, k } = shape;
  let worst = 0;
  c.forEach((values, r) => {
    const a = operands.a![r]!;
    const want = matmul(form, a, operands.b![r]!, { m, n, k });
    const bound = (4 * U * k) / 3 + 8 * U;
    want.forEach((product, at) => {
      const biased = product + (operands.bias?.[r]?.[at % n] ?? 0);
      const active = ACTIVATIONS[shape.activation ?? 'none'](biased);
      const wanted = active * DERIVATIVES[shape.mask ?? 'none'](operands.y?.[r]?.[at] ?? 0);
      worst = Math.max(worst, Math.abs(values[at]! - wanted) / bound);
    });
    if (!shape.columnSum) return;
    columnSums(a, { k, m }).forEach((wanted, i) => {
      worst = Math.max(worst, Math.abs(columnSum[r]![i]! - wanted) / bound);
    });
  });
  return worst;
}

/** Far quicker than a deep comparison, which looks at each number as an object. */
function sameBits(found: Float32Array[], wanted: Float32Array[]): boolean {
  const bits = (values: Float32Array): Uint32Array =>
    new Uint32Array(values.buffer, values.byteOffset, values.length);
  return wanted.every((values, r) => {
    const other = bits(found[r]!);
    return bits(values).every((word, i) => word === other[i]);
  });
}

describe.each(['CPU with subgroups', 'CPU without subgroups', 'GPU'])('%s', (name) => {
  it.each(FORMS)('%s is right for odd shapes and tile edges', async (form) => {
    const shapes = [
      [1, 1, 1],
      [1, 127, 33],
      [65, 1, 127],
      [33, 65, 127],
      [127, 33, 65],
      [64, 10, 128],
      [10, 64, 33],
      [64, 64, 64],
      [68, 132, 36],
      [96, 260, 1],
      [257, 12, 4],
      // Large enough for the large tiles: with extents divisible by 4, and not.
      [132, 124, 68],
      [64, 128, 784],
      [129, 131, 65],
      [260, 256, 36],
      [1028, 1032, 4],
    ] as const;
    for (const [m, n, k] of shapes) {
      const shape: MatmulShape = { form, m, n, k };
      expect(
        errorInBounds(shape, await run({ shape, target: targets[name]! })),
        `${m}x${k}x${n}`,
      ).toBeLessThan(1);
    }
  });

  it.each(FORMS)('%s fuses bias, activation and activation mask', async (form) => {
    for (const [m, n, k] of [
      [33, 65, 17],
      [124, 100, 88],
      [260, 256, 20],
    ] as const) {
      // The epilogue's text is the same in all forms: one of them tries every activation in every tile.
      const activations =
        form === 'NN' || m < 100 ? (['relu', 'tanh', 'sigmoid'] as const) : (['relu'] as const);
      for (const activation of activations) {
        const biased: MatmulShape = { form, m, n, k, bias: true, activation };
        expect(errorInBounds(biased, await run({ shape: biased, target: targets[name]! }))).toBeLessThan(1);
        const masked: MatmulShape = { form, m, n, k, mask: activation };
        expect(errorInBounds(masked, await run({ shape: masked, target: targets[name]! }))).toBeLessThan(1);
      }
    }
  });

  it('sums columns beside the weight gradient', async () => {
    for (const [m, n, k] of [
      [1, 33, 65],
      [127, 65, 33],
      [132, 196, 64],
      [260, 256, 20],
      [10, 128, 64],
      [129, 131, 65],
    ] as const) {
      const shape: MatmulShape = { form: 'TN', m, n, k, columnSum: true };
      expect(errorInBounds(shape, await run({ shape, target: targets[name]! }))).toBeLessThan(1);
    }
  });

  it.each(FORMS)(
    '%s gives each of three replicas the bits it has alone, and the same bits twice',
    async (form) => {
      const target = targets[name]!;
      for (const [m, n, k] of [
        [36, 68, 33],
        [132, 124, 68],
        [260, 256, 20],
      ] as const) {
        const shape: MatmulShape = { form, m, n, k, bias: true, columnSum: form === 'TN' };
        for (const shared of [[], ['a', 'bias'], ['b']]) {
          const three = await run({ shape, target, replicas: 3, shared });
          expect(errorInBounds(shape, three)).toBeLessThan(1);
          const again = await run({ shape, target, replicas: 3, shared });
          expect(sameBits(again.c, three.c)).toBe(true);
          expect(sameBits(again.columnSum, three.columnSum)).toBe(true);
          if (shared.length > 0) continue;
          for (let r = 0; r < 3; r++) {
            const alone = await run({ shape, target }, r);
            expect(sameBits(alone.c, [three.c[r]!])).toBe(true);
            expect(sameBits(alone.columnSum, [three.columnSum[r]!])).toBe(true);
          }
        }
      }
    },
  );

  it.each(FORMS)('%s gives equal rows and columns equal bits, wherever in a tile they lie', async (form) => {
    for (const [m, n, k] of [
      [37, 75, 50],
      [132, 124, 68],
      [260, 256, 20],
    ] as const) {
      const row = random(k, 5);
      const a = new State(gpu, { label: 'a', shape: [m * k] });
      const b = new State(gpu, { label: 'b', shape: [k * n] });
      const c = new State(gpu, { label: 'c', shape: [m * n] });
      const along = (at: number, across: number, transposed: boolean): number =>
        row[transposed ? Math.floor(at / across) : at % k]!;
      a.write(Float32Array.from({ length: m * k }, (_, at) => along(at, m, form === 'TN')));
      b.write(Float32Array.from({ length: k * n }, (_, at) => along(at, n, form !== 'NT')));
      const place = ({ buffer }: State): Placement => ({ buffer, offset: 0, replicaStride: 0 });
      const plan = planMatmul({ form, m, n, k }, targets[name]!);
      const operands = { a: place(a), b: place(b), c: place(c) };
      const { dispatches } = productDispatches(gpu, plan, operands, 1);
      const program = await Program.record(gpu, 'rows', dispatches);
      program.run();
      const values = await c.read();
      expect(values.every((v) => v === values[0])).toBe(true);
      for (const disposable of [program, a, b, c]) disposable.dispose();
    }
  });

  it('keeps NaN and infinity in their own rows and through relu', async () => {
    const [m, n, k] = [33, 40, 37];
    const a = new State(gpu, { label: 'a', shape: [m * k] });
    const b = new State(gpu, { label: 'b', shape: [k * n] });
    const c = new State(gpu, { label: 'c', shape: [m * n] });
    const values = random(m * k, 3);
    values[5 * k + k - 1] = Number.NaN;
    values[20 * k] = Number.POSITIVE_INFINITY;
    a.write(values);
    b.write(random(k * n, 4).map((v) => Math.abs(v) + 0.1));
    const place = ({ buffer }: State): Placement => ({ buffer, offset: 0, replicaStride: 0 });
    const plan = planMatmul({ form: 'NN', m, n, k, activation: 'relu' }, targets[name]!);
    const operands = { a: place(a), b: place(b), c: place(c) };
    const { dispatches } = productDispatches(gpu, plan, operands, 1);
    const program = await Program.record(gpu, 'nan', dispatches);
    program.run();
    const found = await c.read();
    for (let i = 0; i < m; i++) {
      const line = found.subarray(i * n, (i + 1) * n);
      if (i === 5) expect(line.every((v) => Number.isNaN(v))).toBe(true);
      else if (i === 20) expect(line.every((v) => v === Number.POSITIVE_INFINITY)).toBe(true);
      else expect(line.every((v) => Number.isFinite(v))).toBe(true);
    }
    for (const disposable of [program, a, b, c]) disposable.dispose();
  });
});

it.each([
  { form: 'NN', m: 33, n: 68, k: 132, bias: true, activation: 'tanh' },
  { form: 'NT', m: 1, n: 4, k: 128, bias: true, activation: 'relu' },
  { form: 'NN', m: 127, n: 36, k: 64, mask: 'relu' },
  { form: 'TN', m: 68, n: 36, k: 20, columnSum: true },
] as const)('every tile of quads in fours gives the same bits: $form $m×$k×$n', async (shape) => {
  const target = targets['CPU with subgroups']!;
  const tiles = ['quads 8×16', 'quads 16×16', 'quads 16×32'];
  const results: Result[] = [];
  for (const tile of tiles) {
    const taken: string[] = [];
    const choices: KernelTarget['choices'] = { wanted: () => tile, taken: (_, { name }) => taken.push(name) };
    results.push(await run({ shape, target: { ...target, choices }, replicas: 2 }));
    expect(taken).toContain(tile);
  }
  expect(errorInBounds(shape, results[0]!)).toBeLessThan(1);
  for (const { c, columnSum } of results.slice(1)) {
    expect(sameBits(c, results[0]!.c)).toBe(true);
    expect(sameBits(columnSum, results[0]!.columnSum)).toBe(true);
  }
});

describe('planMatmul', () => {
  it('refuses shapes that are none', () => {
    expect(() => planMatmul({ form: 'NN', m: 0, n: 1, k: 1 }, targets.GPU!)).toThrow('m is 0');
    expect(() => planMatmul({ form: 'NN', m: 1, n: 1, k: 1, columnSum: true }, targets.GPU!)).toThrow('TN');
  });
});
