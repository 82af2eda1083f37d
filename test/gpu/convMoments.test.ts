import { expect, test } from 'vitest';
import { Program } from '../../src/gpu/program.ts';
import { State } from '../../src/gpu/state.ts';
import type { KernelTarget } from '../../src/ops/op.ts';
import { convolution } from '../../src/ops/perExample/convolution.ts';
import { planConvMoments, planConvNorms } from '../../src/ops/plans/convMomentsPlan.ts';
import type { ConvShape } from '../../src/ops/plans/convPlan.ts';
import { window2d } from '../../src/ops/window2d.ts';
import * as reference from '../../src/reference/conv2d.ts';
import { testGpu } from './device.ts';
import { evaluate, randomValues } from './trace.ts';

const CASES: reference.Conv2dExtents[] = [
  {
    images: 1,
    channels: 1,
    outChannels: 1,
    kernel: [1, 1],
    stride: [1, 1],
    padding: [0, 0],
    height: 1,
    width: 1,
  },
  {
    images: 24,
    channels: 3,
    outChannels: 5,
    kernel: [3, 3],
    stride: [1, 1],
    padding: [1, 1],
    height: 9,
    width: 7,
  },
  {
    images: 33,
    channels: 2,
    outChannels: 9,
    kernel: [3, 2],
    stride: [2, 1],
    padding: [1, 0],
    height: 11,
    width: 6,
  },
  // Few positions beside taps and channels: norms by inner products of positions.
  {
    images: 6,
    channels: 13,
    outChannels: 33,
    kernel: [3, 3],
    stride: [1, 2],
    padding: [1, 1],
    height: 3,
    width: 5,
  },
  {
    images: 18,
    channels: 17,
    outChannels: 31,
    kernel: [2, 2],
    stride: [2, 2],
    padding: [0, 0],
    height: 4,
    width: 4,
  },
];

const product = (...extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);

function shapeOf(e: reference.Conv2dExtents): ConvShape {
  const [outHeight, outWidth] = reference.conv2dPositions(e);
  const { images, channels, outChannels, height, width } = e;
  return {
    images,
    channels,
    outChannels,
    height,
    width,
    outHeight,
    outWidth,
    window: window2d('test', e.kernel, e),
  };
}

/** Per-example gradients in float64: [weight, bias] of each example. */
function perExample(e: reference.Conv2dExtents, x: Float32Array, delta: Float32Array): Float64Array[][] {
  const [image, plane] = [x.length / e.images, delta.length / e.images];
  return Array.from({ length: e.images }, (_, n) => {
    const d = delta.subarray(n * plane, (n + 1) * plane);
    const one = { ...e, images: 1 };
    return [
      reference.conv2dWeightGradient(one, x.subarray(n * image, (n + 1) * image), d),
      reference.conv2dBiasGradient(one, d),
    ];
  });
}

function expected(each: readonly Float64Array[][], part: number, unit: number) {
  const count = each.length;
  const length = each[0]![part]!.length;
  const accumulate = (
    examples: readonly Float64Array[][],
    f: (v: number, i: number) => number,
  ): Float64Array => {
    const sum = new Float64Array(length);
    for (const g of examples) for (let i = 0; i < length; i++) sum[i]! += f(g[part]![i]!, i);
    return sum;
  };
  const mean = accumulate(each, (v) => v / count);
  const squares = accumulate(each, (v, i) => (v - mean[i]!) ** 2);
  const norms = (size: number): Float64Array =>
    Float64Array.from({ length: count / size }, (_, u) =>
      accumulate(each.slice(u * size, (u + 1) * size), (v) => v).reduce((total, v) => total + v * v, 0),
    );
  return { mean, squares, norms: norms(1), unitNorms: norms(unit) };
}

function run(e: reference.Conv2dExtents, x: Float32Array[], delta: Float32Array[], unit: number) {
  const shape = shapeOf(e);
  const operand = (extents: number[], values: Float32Array[]) => ({
    shape: extents,
    values: values.length > 1 ? values : values[0]!,
  });
  return evaluate(
    [
      operand([e.images, e.channels, e.height, e.width], x),
      operand([e.images, e.outChannels, shape.outHeight, shape.outWidth], delta),
    ],
    ([xs, ds]) => {
      const [weight, bias] = convolution(xs!, ds!, shape.window, e.images);
      const moments = [weight.moments(), bias.moments()];
      return [
        ...moments.map(({ gradient }) => gradient),
        ...moments.map(({ centredSquares }) => centredSquares),
        ...moments.map(({ normSq }) => normSq),
        weight.norms(),
        weight.norms(unit),
        bias.norms(unit),
      ];
    },
    Math.max(x.length, delta.length),
  );
}

function expectClose(found: ArrayLike<number>, wanted: Float64Array, tolerance: number): void {
  expect(found.length).toBe(wanted.length);
  let [worst, scale] = [0, 1e-30];
  wanted.forEach((v, i) => {
    worst = Math.max(worst, Math.abs(v - found[i]!));
    scale = Math.max(scale, Math.abs(v));
  });
  expect(worst / scale).toBeLessThan(tolerance);
}

test.for(CASES)(
  'moments and norms of %o are those of a loop over examples, for three replicas',
  async (e) => {
    const unit = e.images % 3 === 0 ? 3 : 1;
    const { outHeight, outWidth } = shapeOf(e);
    const x = [1, 2, 3].map((seed) => randomValues(product(e.images, e.channels, e.height, e.width), seed));
    const delta = [4, 5, 6].map((seed) =>
      randomValues(product(e.images, e.outChannels, outHeight, outWidth), seed),
    );
    const results = await run(e, x, delta, unit);
    expect(await run(e, x, delta, unit)).toEqual(results);
    const alone = await run(e, x.slice(1, 2), delta.slice(1, 2), unit);
    results.forEach((each, i) => {
      expect(alone[i]![0]).toEqual(each[1]);
    });
    for (let r = 0; r < 3; r++) {
      const each = perExample(e, x[r]!, delta[r]!);
      const [weight, bias] = [expected(each, 0, unit), expected(each, 1, unit)];
      [weight.mean, bias.mean, weight.squares, bias.squares, weight.norms, bias.norms].forEach(
        (wanted, i) => {
          expectClose(results[i]![r]!, wanted, 1e-5);
        },
      );
      [weight.norms, weight.unitNorms, bias.unitNorms].forEach((wanted, i) => {
        expectClose(results[6 + i]![r]!, wanted, 1e-5);
      });
    }
  },
);

test('the variance of equal examples is exactly 0', async () => {
  const e = CASES[1]!;
  const image = randomValues(product(e.channels, e.height, e.width), 1);
  const d = randomValues(product(e.outChannels, e.height, e.width), 2);
  const repeat = (values: Float32Array): Float32Array =>
    Float32Array.from({ length: e.images * values.length }, (_, i) => values[i % values.length]!);
  const results = await run(e, [repeat(image)], [repeat(d)], 1);
  expect(Math.max(...results[2]![0]!)).toBe(0);
});

test('a mean of 10⁴ times the noise leaves three digits of tr Σ and of the median coordinate', async () => {
  const e = { ...CASES[1]!, images: 64 };
  const { outHeight, outWidth } = shapeOf(e);
  const size = product(e.channels, e.height, e.width);
  const noise = randomValues(e.images * size, 3);
  const base = randomValues(size, 4).map((v) => 1 + 0.25 * v);
  const x = noise.map((v, i) => base[i % size]! + 1e-3 * v);
  const d = randomValues(product(e.outChannels, outHeight, outWidth), 5).map((v) => 1 + 0.25 * v);
  const delta = Float32Array.from({ length: e.images * d.length }, (_, i) => d[i % d.length]!);
  const [gradient, , variance] = await run(e, [x], [delta], 1);
  const { mean, squares } = expected(perExample(e, x, delta), 0, 1);
  const ratio = mean[0]! / Math.sqrt(squares[0]! / e.images);
  expect(ratio).toBeGreaterThan(1e4);
  const total = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);
  expect(Math.abs(total(variance![0]!) / total(squares) - 1)).toBeLessThan(1e-3);
  const errors = Array.from(squares, (v, i) => Math.abs(variance![0]![i]! / v - 1)).sort((a, b) => a - b);
  expect(errors[Math.floor(errors.length / 2)]).toBeLessThan(1e-3);
  expectClose(gradient![0]!, mean, 2e-6);
});

test("a GPU's smaller tiles give the same moments and norms, from one block or more", async () => {
  const gpu = await testGpu();
  const target: KernelTarget = { kind: 'gpu', subgroups: false, subgroupSize: 0 };
  const e = CASES[1]!;
  const shape = shapeOf(e);
  const values = {
    x: randomValues(product(e.images, e.channels, e.height, e.width), 1),
    dy: randomValues(product(e.images, e.outChannels, shape.outHeight, shape.outWidth), 2),
  };
  const { mean, squares, norms } = expected(perExample(e, values.x, values.dy), 0, 1);
  const plan = planConvMoments(shape, 1, target);
  expect(plan.blocks).toBe(3);
  const single = planConvNorms(shape, 1, target);
  const states = Object.fromEntries(
    Object.entries({
      x: values.x.length,
      dy: values.dy.length,
      moments: 2 * plan.blocks * mean.length,
      norms: e.images * plan.parts,
      parts: e.images * single.parts,
      gradient: mean.length,
      variance: mean.length,
    }).map(([label, elements]) => [label, new State(gpu, { label, shape: [elements] })]),
  ) as Record<string, State>;
  states.x!.write(values.x);
  states.dy!.write(values.dy);
  const place = (name: string) => ({ buffer: states[name]!.buffer, offset: 0, replicaStride: 0 });
  const [x, dy] = [place('x'), place('dy')];
  const program = await Program.record(gpu, 'moments', [
    {
      label: 'sums',
      call: plan.sums,
      operands: { x, dy, moments: place('moments'), norms: place('norms') },
      replicas: 1,
    },
    {
      label: 'finish',
      call: plan.finish,
      operands: { moments: place('moments'), gradient: place('gradient'), variance: place('variance') },
      replicas: 1,
    },
    { label: 'norms', call: single.call, operands: { x, dy, norms: place('parts') }, replicas: 1 },
  ]);
  program.run();
  const added = (parts: Float32Array): number[] =>
    Array.from({ length: e.images }, (_, n) => {
      const each = parts.length / e.images;
      return parts.subarray(n * each, (n + 1) * each).reduce((sum, v) => sum + v, 0);
    });
  expectClose(await states.gradient!.read(), mean, 1e-5);
  expectClose(await states.variance!.read(), squares, 1e-5);
  expectClose(added(await states.norms!.read()), norms, 1e-5);
  expectClose(added(await states.parts!.read()), norms, 1e-5);
  for (const disposable of [program, ...Object.values(states)]) disposable.dispose();
});

test('the planner: blocks of examples, room for norms, and the cheaper form by shape', () => {
  const targets: KernelTarget[] = [
    { kind: 'cpu', subgroups: false, subgroupSize: 0 },
    { kind: 'gpu', subgroups: false, subgroupSize: 0 },
  ];
  const base = shapeOf(CASES[1]!);
  for (const target of targets) {
    for (const images of [1, 7, 24, 256, 1000]) {
      for (const outChannels of [1, 16, 512, 2048]) {
        const shape = { ...base, images, channels: outChannels, outChannels };
        const { sums, blocks, parts } = planConvMoments(shape, 1, target);
        const { unitsPerBlock } = sums.params as Record<string, number>;
        expect(blocks * unitsPerBlock!).toBeGreaterThanOrEqual(images);
        expect((blocks - 1) * unitsPerBlock!).toBeLessThan(images);
        if (blocks > 1) expect(unitsPerBlock).toBeGreaterThanOrEqual(8);
        expect(images * parts).toBeLessThanOrEqual(2 ** 22);
        const norms = planConvNorms(shape, 1, target);
        expect(images * norms.parts).toBeLessThanOrEqual(Math.max(2 ** 22, 2 ** 16 + images));
      }
    }
  }
  expect(planConvNorms(base, 1, targets[0]!).form).toBe('direct');
  expect(planConvNorms(shapeOf(CASES[3]!), 1, targets[0]!).form).toBe('Gram');
  expect(planConvNorms(shapeOf(CASES[4]!), 1, targets[0]!).form).toBe('Gram');
  expect(planConvNorms(shapeOf(CASES[4]!), 18, targets[0]!).form).toBe('direct');
  expect(() => planConvNorms(base, 7, targets[0]!)).toThrow(/24 images are no whole number of groups of 7/);
});
