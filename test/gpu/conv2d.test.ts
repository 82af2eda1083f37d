import { describe, expect, test } from 'vitest';
import { compile } from '../../src/autograd/compile.ts';
import { jvp } from '../../src/autograd/jvp.ts';
import { grad, vjp } from '../../src/autograd/vjp.ts';
import { Arena } from '../../src/gpu/arena.ts';
import type { KernelCall } from '../../src/gpu/kernelCall.ts';
import { Program } from '../../src/gpu/program.ts';
import { State } from '../../src/gpu/state.ts';
import { add } from '../../src/ops/add.ts';
import { conv2d } from '../../src/ops/conv2d.ts';
import { conv2dInputGradient } from '../../src/ops/conv2dInputGradient.ts';
import { conv2dWeightGradient } from '../../src/ops/conv2dWeightGradient.ts';
import { Graph, type Tensor } from '../../src/ops/graph.ts';
import { relu, sigmoid, square, tanh } from '../../src/ops/index.ts';
import { read } from '../../src/ops/leaf.ts';
import type { KernelTarget } from '../../src/ops/op.ts';
import {
  type ConvShape,
  planConvForward,
  planConvInputGradient,
  planConvWeightGradient,
  TILES,
} from '../../src/ops/plans/convPlan.ts';
import { store } from '../../src/ops/state/store.ts';
import { sum } from '../../src/ops/sum.ts';
import { window2d } from '../../src/ops/window2d.ts';
import * as reference from '../../src/reference/conv2d.ts';
import { testGpu } from './device.ts';
import { evaluate, randomValues } from './trace.ts';

interface Case extends reference.Conv2dExtents {
  readonly replicas: number;
}

const product = (...extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);

/** Other shapes on each run; printed with a failure. */
const SEED = Math.floor(Math.random() * 2 ** 20);

/** Shapes drawn with stride and padding, odd sizes, one example and more, one replica and three. */
function drawCase(seed: number): Case {
  const values = randomValues(40, SEED + seed).slice(20);
  let next = 0;
  const draw = (from: number, to: number): number =>
    from + Math.floor(((values[next++]! + 1) / 2) * (to - from + 1));
  const kernel = [draw(1, 5), draw(1, 5)] as const;
  return {
    images: draw(0, 3) * 2 + 1,
    channels: draw(1, 7),
    outChannels: draw(1, 13),
    kernel,
    stride: [draw(1, 3), draw(1, 3)],
    padding: [draw(0, 3), draw(0, 3)],
    height: kernel[0] + draw(0, 12),
    width: kernel[1] + draw(0, 12),
    replicas: seed % 2 === 0 ? 3 : 1,
  };
}

/** Of enough multiplications for the kernels that share a row's pixels among its taps. */
function drawLarge(seed: number): Case {
  const drawn = drawCase(seed);
  const large = {
    ...drawn,
    channels: drawn.channels + 3,
    outChannels: drawn.outChannels + 11,
    height: drawn.height + 6,
    width: drawn.width + 6,
    replicas: 1,
  };
  const [height, width] = reference.conv2dPositions(large);
  const each = large.outChannels * large.channels * product(...large.kernel) * height * width;
  return { ...large, images: Math.ceil(2 ** 20 / each) };
}

const CASES: Case[] = [
  ...Array.from({ length: 12 }, (_, seed) => drawCase(seed)),
  ...Array.from({ length: 5 }, (_, seed) => drawLarge(100 + seed)),
  // A kernel smaller than the stride leaves pixels that no window holds.
  {
    images: 2,
    channels: 3,
    outChannels: 5,
    kernel: [1, 2],
    stride: [3, 3],
    padding: [0, 1],
    height: 11,
    width: 7,
    replicas: 3,
  },
  // Large enough for the largest tiles, and as wide as the layers of a network.
  {
    images: 9,
    channels: 17,
    outChannels: 33,
    kernel: [3, 3],
    stride: [1, 1],
    padding: [1, 1],
    height: 17,
    width: 15,
    replicas: 1,
  },
  {
    images: 12,
    channels: 33,
    outChannels: 65,
    kernel: [3, 3],
    stride: [2, 2],
    padding: [1, 1],
    height: 13,
    width: 13,
    replicas: 1,
  },
];

function relative(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  let [worst, scale] = [0, 1e-30];
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(found[i]! - expected[i]!));
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return worst / scale;
}

function show({
  images,
  channels,
  height,
  width,
  outChannels,
  kernel,
  stride,
  padding,
  replicas,
}: Case): string {
  return (
    `R=${replicas} [${images}, ${channels}, ${height}, ${width}] by [${outChannels}, ${channels}, ${kernel}] ` +
    `stride ${stride} padding ${padding}`
  );
}

async function run(e: Case) {
  const [outHeight, outWidth] = reference.conv2dPositions(e);
  const each = (elements: number, seed: number, replicated = true): Float32Array[] =>
    Array.from({ length: replicated ? e.replicas : 1 }, (_, r) => randomValues(elements, seed + 100 * r));
  const replicated = e.replicas > 1;
  const x = each(product(e.images, e.channels, e.height, e.width), 1, replicated && e.images !== 3);
  const w = each(product(e.outChannels, e.channels, ...e.kernel), 2);
  const b = each(e.outChannels, 3);
  const dy = each(product(e.images, e.outChannels, outHeight, outWidth), 4);
  const operand = (shape: number[], values: Float32Array[]) => ({
    shape,
    values: values.length > 1 ? values : values[0]!,
  });
  const results = await evaluate(
    [
      operand([e.images, e.channels, e.height, e.width], x),
      operand([e.outChannels, e.channels, ...e.kernel], w),
      operand([e.outChannels], b),
      operand([e.images, e.outChannels, outHeight, outWidth], dy),
    ],
    ([xs, ws, bs, dys]) => {
      const window = window2d('test', e.kernel, e);
      return [
        conv2d(xs!, ws!, bs!, e),
        conv2dInputGradient(dys!, ws!, window, [e.height, e.width]),
        conv2dWeightGradient(xs!, dys!, window),
      ];
    },
    e.replicas,
  );
  return { results, x, w, b, dy };
}

test('conv2d and both gradients on 20 shapes are within 1e-5·√K of float64', async () => {
  expect(CASES).toHaveLength(20);
  let worst = 0;
  for (const e of CASES) {
    const { results, x, w, b, dy } = await run(e);
    const [outHeight, outWidth] = reference.conv2dPositions(e);
    for (let r = 0; r < e.replicas; r++) {
      const xr = x[r] ?? x[0]!;
      const taps = product(...e.kernel);
      for (const [what, found, expected, k] of [
        ['y', results[0], reference.conv2d(e, xr, w[r]!, b[r]!), e.channels * taps],
        ['dx', results[1], reference.conv2dInputGradient(e, dy[r]!, w[r]!), e.outChannels * taps],
        ['dw', results[2], reference.conv2dWeightGradient(e, xr, dy[r]!), e.images * outHeight * outWidth],
      ] as const) {
        const error = relative(found![r]!, expected) / Math.sqrt(k);
        expect(error, `${what} of ${show(e)}, seed ${SEED}`).toBeLessThan(1e-5);
        worst = Math.max(worst, error);
      }
    }
  }
  console.info(`conv2d: the largest error is ${worst.toExponential(1)}·√K of the largest value`);
});

test('a second run gives the same bits, and a replica the bits that it has alone', async () => {
  for (const e of CASES.slice(0, 4)) {
    const first = await run({ ...e, replicas: 3 });
    const second = await run({ ...e, replicas: 3 });
    const alone = await run({ ...e, replicas: 1 });
    first.results.forEach((result, i) => {
      expect(second.results[i]).toEqual(result);
      expect(alone.results[i]![0]).toEqual(result[0]);
    });
  }
});

test('every tile size is right where extents are no multiples of it', async () => {
  const gpu = await testGpu();
  const e: reference.Conv2dExtents = {
    images: 3,
    channels: 11,
    outChannels: 13,
    kernel: [3, 2],
    stride: [2, 1],
    padding: [1, 1],
    height: 9,
    width: 7,
  };
  const [outHeight, outWidth] = reference.conv2dPositions(e);
  const { images, channels, outChannels, height, width } = e;
  const window = window2d('test', e.kernel, e);
  const shape: ConvShape = { images, channels, outChannels, height, width, outHeight, outWidth, window };
  const target: KernelTarget = { kind: 'gpu', subgroups: false, subgroupSize: 0 };
  const values = {
    x: randomValues(product(images, channels, height, width), 1),
    w: randomValues(product(outChannels, channels, ...e.kernel), 2),
    dy: randomValues(product(images, outChannels, outHeight, outWidth), 3),
  };
  const expected = {
    y: reference.conv2d(e, values.x, values.w),
    dx: reference.conv2dInputGradient(e, values.dy, values.w),
    dw: reference.conv2dWeightGradient(e, values.x, values.dy),
  };
  const state = (label: string, elements: number): State => new State(gpu, { label, shape: [elements] });
  const states = new Map(
    Object.entries({ ...values, ...expected }).map(([name, v]) => [name, state(name, v.length)]),
  );
  for (const [name, v] of Object.entries(values)) states.get(name)!.write(v);
  const run = async (call: KernelCall, names: readonly string[]): Promise<Float32Array> => {
    const operands = Object.fromEntries(
      names.map((name) => [name, { buffer: states.get(name)!.buffer, offset: 0, replicaStride: 0 }]),
    );
    const program = await Program.record(gpu, 'tile', [{ label: 'tile', call, operands, replicas: 1 }]);
    program.run();
    const found = await states.get(names.at(-1)!)!.read();
    program.dispose();
    return found;
  };
  for (const [rows, columns] of TILES) {
    // A group for each output is more than any tile size needs.
    const forward = planConvForward(shape, {}, target);
    const y = await run(
      { ...forward, knobs: { TILE_O: rows, TILE_P: columns }, grid: [expected.y.length, 1] },
      ['x', 'w', 'y'],
    );
    expect(relative(y, expected.y)).toBeLessThan(1e-5);
    const input = planConvInputGradient(shape, {}, target);
    const dx = await run(
      { ...input, knobs: { TILE_C: rows, TILE_P: columns }, grid: [expected.dx.length, 1] },
      ['dy', 'w', 'dx'],
    );
    expect(relative(dx, expected.dx)).toBeLessThan(1e-5);
    const { call } = planConvWeightGradient(shape, target);
    const params = { ...call.params, blocks: 1, rowsPerBlock: images * outHeight };
    const dw = await run(
      { ...call, params, knobs: { TILE_O: rows, TILE_K: columns }, grid: [expected.dw.length, 1] },
      ['x', 'dy', 'dw'],
    );
    expect(relative(dw, expected.dw)).toBeLessThan(1e-5);
  }
  for (const s of states.values()) s.dispose();
});

test('an activation in the kernels gives what it gives on its own, and so does its backward', async () => {
  const activations = { relu, tanh, sigmoid };
  const forwardOf = {
    relu: (v: number) => Math.max(v, 0),
    tanh: Math.tanh,
    sigmoid: (v: number) => 1 / (1 + Math.exp(-v)),
  };
  const slopeOf = {
    relu: (y: number) => (y > 0 ? 1 : 0),
    tanh: (y: number) => 1 - y * y,
    sigmoid: (y: number) => y * (1 - y),
  };
  for (const e of [CASES[1]!, CASES[12]!]) {
    const shapes = [
      [e.images, e.channels, e.height, e.width],
      [e.outChannels, e.channels, ...e.kernel],
      [e.outChannels],
      [e.images, e.outChannels, ...reference.conv2dPositions(e)],
    ];
    const operands = shapes.map((shape, i) => ({ shape, values: randomValues(product(...shape), i + 1) }));
    const [x, w, b, dy] = operands.map(({ values }) => values) as [Float32Array, ...Float32Array[]];
    for (const name of ['relu', 'tanh', 'sigmoid'] as const) {
      const activation = activations[name];
      const [y, dx] = await evaluate(operands, ([x, w, b, dy]) => {
        const pulled = vjp([[conv2d(activation(x!), w!, null, e), dy!]], [x!]);
        return [activation(conv2d(x!, w!, b!, e)), pulled.of[0]!];
      });
      const expected = reference.conv2d(e, x, w!, b!).map(forwardOf[name]);
      expect(relative(y![0]!, expected), `${name} of ${show(e)}, seed ${SEED}`).toBeLessThan(1e-4);
      const back = reference
        .conv2dInputGradient(e, dy!, w!)
        .map((d, i) => d * slopeOf[name](forwardOf[name](x[i]!)));
      expect(relative(dx![0]!, back), `${name}′ of ${show(e)}, seed ${SEED}`).toBeLessThan(1e-4);
    }
  }
});

test('an addend and a derivative in the kernels give what they give on their own', async () => {
  const slope = (y: number): number => 1 - y * y;
  for (const e of [CASES[1]!, CASES[12]!]) {
    const image = [e.images, e.channels, e.height, e.width];
    const output = [e.images, e.outChannels, ...reference.conv2dPositions(e)];
    const shapes = [image, [e.outChannels, e.channels, ...e.kernel], [e.outChannels], output, output, image];
    const operands = shapes.map((shape, i) => ({ shape, values: randomValues(product(...shape), i + 1) }));
    const [x, w, b, dy, h, skip] = operands.map(({ values }) => values) as [Float32Array, ...Float32Array[]];
    const [masked, activated, back] = await evaluate(operands, ([x, w, b, dy, h, skip]) => {
      const made = (): Tensor => add(dy!, conv2d(x!, w!, b!, e));
      const inner = tanh(x!);
      return [
        vjp([[tanh(h!), made()]], [h!]).of[0]!,
        relu(add(conv2d(x!, w!, b!, e), dy!)),
        vjp(
          [
            [inner, skip!],
            [conv2d(inner, w!, null, e), dy!],
          ],
          [x!],
        ).of[0]!,
      ];
    });
    const total = reference.conv2d(e, x, w!, b!).map((v, i) => v + dy![i]!);
    const which = `${show(e)}, seed ${SEED}`;
    expect(
      relative(
        masked![0]!,
        total.map((v, i) => v * slope(Math.tanh(h![i]!))),
      ),
      which,
    ).toBeLessThan(1e-4);
    expect(
      relative(
        activated![0]!,
        total.map((v) => Math.max(v, 0)),
      ),
      which,
    ).toBeLessThan(1e-4);
    const expected = reference
      .conv2dInputGradient(e, dy!, w!)
      .map((d, i) => (d + skip![i]!) * slope(Math.tanh(x[i]!)));
    expect(relative(back![0]!, expected), which).toBeLessThan(1e-4);
  }
});

test('a Hessian product of a convolutional network is a kernel a convolution: sums and derivatives are in their ends', async () => {
  const gpu = await testGpu();
  const graph = new Graph();
  const arena = new Arena(gpu);
  const shapes = { x: [3, 2, 9, 8], w1: [4, 2, 3, 3], b1: [4], w2: [5, 4, 3, 3], b2: [5] };
  const states = Object.entries(shapes).map(([label, shape]) => new State(gpu, { label, shape }));
  const [x, w1, b1, w2, b2] = states.map((state) => read(graph, state)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const y = relu(conv2d(relu(conv2d(x, w1, b1, { padding: [1, 1] })), w2, b2, { padding: [1, 1] }));
  const gradient = grad(sum(square(y)), [w1, w2]);
  const parameters = [w1, b1, w2, b2];
  const moved = parameters.map(({ shape }, i) => {
    const direction = new State(gpu, { label: `direction ${i}`, shape });
    states.push(direction);
    return [parameters[i]!, read(graph, direction)] as const;
  });
  const tangents = jvp(gradient, moved);
  const results = tangents.map((tangent, i) => new State(gpu, { label: `Hv ${i}`, shape: tangent!.shape }));
  results.forEach((state, i) => {
    store(state, tangents[i]!);
  });
  const program = await compile(gpu, graph, { label: 'conv Hv', replicas: 1, arena });
  const labels = program.dispatches.map(({ label }) => label);
  expect(labels.filter((label) => label === 'broadcast')).toEqual([]);
  // Two layers forward, the second one's two tangents and the first one's; two tangents of the second's image gradient, itself
  // of no use here.
  expect(labels.filter((label) => /^conv2d(Fused)?$/.test(label))).toHaveLength(5);
  expect(labels.filter((label) => label.startsWith('conv2dInputGradient'))).toHaveLength(2);
  for (const made of [program, arena, ...states, ...results]) made.dispose();
});

describe('the planner', () => {
  const shape: ConvShape = {
    images: 64,
    channels: 32,
    height: 28,
    width: 28,
    outChannels: 64,
    outHeight: 14,
    outWidth: 14,
    window: window2d('test', [3, 3], { stride: [2, 2], padding: [1, 1] }),
  };
  const targets: KernelTarget[] = [
    { kind: 'cpu', subgroups: false, subgroupSize: 0 },
    { kind: 'gpu', subgroups: false, subgroupSize: 0 },
  ];

  test('covers every output with its tiles', () => {
    for (const target of targets) {
      for (const images of [1, 3, 64]) {
        const s = { ...shape, images };
        const forward = planConvForward(s, { bias: true }, target);
        const { TILE_O, TILE_P } = forward.knobs as Record<string, number>;
        expect(forward.grid[0] * 64).toBeGreaterThanOrEqual(
          Math.ceil(64 / TILE_O!) * Math.ceil((images * 14 * 14) / TILE_P!),
        );
        expect(forward.knobs).toMatchObject({ BIAS: true, ADDEND: false });
        expect(forward.params).toMatchObject({
          images,
          strideWidth: 2,
          padHeight: 1,
          outChannels: 64,
        });
        const back = planConvInputGradient(s, {}, target);
        const { TILE_C, TILE_P: backP } = back.knobs as Record<string, number>;
        // Four residue classes of 14 × 14 positions each.
        expect(back.grid[0] * 64).toBeGreaterThanOrEqual(
          4 * Math.ceil(32 / TILE_C!) * Math.ceil((images * 14 * 14) / backP!),
        );
      }
    }
  });

  test('splits a weight gradient into blocks that cover all rows, within the scratch it may take', () => {
    for (const target of targets) {
      for (const images of [1, 2, 63, 64, 256, 4096]) {
        for (const outChannels of [1, 64, 512, 4096]) {
          const { call, blocks } = planConvWeightGradient({ ...shape, images, outChannels }, target);
          const { rowsPerBlock } = call.params as Record<string, number>;
          const rows = images * 14;
          expect(blocks * rowsPerBlock!).toBeGreaterThanOrEqual(rows);
          expect((blocks - 1) * rowsPerBlock!).toBeLessThan(rows);
          expect(blocks).toBeLessThanOrEqual(256);
          if (blocks > 1) expect(blocks * outChannels * 32 * 9).toBeLessThanOrEqual(2 ** 20);
        }
      }
    }
  });

  test('refuses an extent that is no positive integer', () => {
    expect(() => planConvForward({ ...shape, outHeight: 0 }, {}, targets[0]!)).toThrow(/outHeight is 0/);
  });
});

test('shapes that do not fit are refused', async () => {
  const image = { shape: [2, 3, 5, 5], values: randomValues(150, 1) };
  const weight = (shape: number[]) => ({ shape, values: randomValues(product(...shape), 2) });
  await expect(evaluate([image, weight([4, 2, 3, 3])], ([x, w]) => [conv2d(x!, w!, null)])).rejects.toThrow(
    /conv2d: images of \[2, 3, 5, 5\] and a weight of \[4, 2, 3, 3\]/,
  );
  await expect(evaluate([image, weight([4, 3, 7, 3])], ([x, w]) => [conv2d(x!, w!, null)])).rejects.toThrow(
    /image of \[5, 5\] with padding \[0, 0\] is smaller than the window \[7, 3\]/,
  );
  await expect(
    evaluate([image, weight([4, 3, 3, 3])], ([x, w]) => [conv2d(x!, w!, null, { stride: [0, 1] })]),
  ).rejects.toThrow(/stride is \[0, 1\]/);
});
