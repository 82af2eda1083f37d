import { expect, test } from 'vitest';
import { checkDerivatives } from '../../src/autograd/checkDerivatives.ts';
import { grad } from '../../src/autograd/vjp.ts';
import { State } from '../../src/gpu/state.ts';
import { attend, attentionGradient } from '../../src/ops/attention.ts';
import { dot } from '../../src/ops/dot.ts';
import { fill } from '../../src/ops/fill.ts';
import { flatLayout, pack, part } from '../../src/ops/flat.ts';
import { geluDerivative, normalDensity } from '../../src/ops/gelu.ts';
import { geluTanhDerivative } from '../../src/ops/geluTanh.ts';
import * as ops from '../../src/ops/index.ts';
import { opTable } from '../../src/ops/op.ts';
import { reluBackward } from '../../src/ops/relu.ts';
import { sigmoidBackward } from '../../src/ops/sigmoid.ts';
import { softmaxCrossEntropyGradient } from '../../src/ops/softmaxCrossEntropy.ts';
import { softmaxJacobian } from '../../src/ops/softmaxJacobian.ts';
import { expand } from '../../src/ops/subspace/expand.ts';
import { project } from '../../src/ops/subspace/project.ts';
import { tanhBackward } from '../../src/ops/tanh.ts';
import { testGpu } from './device.ts';
import { evaluate, randomValues } from './trace.ts';

interface Sample {
  /** Shapes of the differentiable operands. */
  readonly shapes: readonly (readonly number[])[];
  readonly f: (inputs: ops.Tensor[]) => ops.Tensor;
  /** Maps values in [−1, 1) to where the op is smooth. */
  readonly domain?: (value: number, index: number) => number;
  /** Integer operands after the differentiable ones. */
  readonly labels?: readonly number[];
}

const positive = (v: number): number => 1.5 + v;
/** Away from the kink at 0. */
const offKink = (v: number): number => v + Math.sign(v) * 0.2;
const layout = flatLayout([
  { name: 'a', shape: [5, 3] },
  { name: 'b', shape: [7] },
]);

const channels = ops.axisOneView([5, 3, 7]);
/** What a mask is drawn by; made once, since an op takes states. */
const random = await (async () => {
  const gpu = await testGpu();
  const seeds = new State(gpu, { label: 'seeds', shape: [1], dtype: 'u32' });
  const counters = new State(gpu, { label: 'counters', shape: [3], dtype: 'u32' });
  seeds.write(Uint32Array.of(5));
  counters.write(Uint32Array.of(7, 0, 0));
  return { seeds, counters };
})();

/** Three random columns of 65 elements, of which every fifth is none. */
const subspace = await (async () => {
  const mask = new State(await testGpu(), { label: 'mask', shape: [65] });
  mask.write(Float32Array.from({ length: 65 }, (_, e) => (e % 5 === 4 ? 0 : 1)));
  return { columns: 3, purpose: 11, seeds: random.seeds, mask };
})();

const window = ops.window2d('sample', [3, 2], { stride: [2, 1], padding: [1, 1] });
/** For each window [2, 3, 4, 6] an element that it holds: its first or its last within the image. */
const chosen = Array.from({ length: 144 }, (_, i) => {
  const [p, q] = [Math.floor(i / 6) % 4, i % 6];
  return i % 2
    ? Math.max(0, 2 * p - 1) * 5 + Math.max(0, q - 1)
    : Math.min(6, 2 * p + 1) * 5 + Math.min(4, q);
});
const places = (labels: ops.Tensor): ops.Tensor => ops.reshape(labels, [2, 3, 4, 6]);

/** One sample for each op of the table, on odd shapes. */
const SAMPLES: Record<string, Sample> = {
  add: {
    shapes: [
      [3, 33],
      [3, 33],
    ],
    f: ([x, y]) => ops.add(x!, y!),
  },
  subtract: { shapes: [[65], [65]], f: ([x, y]) => ops.subtract(x!, y!) },
  multiply: {
    shapes: [
      [2, 3, 5, 7],
      [2, 3, 5, 7],
    ],
    f: ([x, y]) => ops.multiply(x!, y!),
  },
  scale: { shapes: [[127]], f: ([x]) => ops.scale(x!, -2.5) },
  offset: { shapes: [[1]], f: ([x]) => ops.offset(x!, 3) },
  square: { shapes: [[33]], f: ([x]) => ops.square(x!) },
  exp: { shapes: [[33]], f: ([x]) => ops.exp(x!) },
  reciprocal: { shapes: [[33]], f: ([x]) => ops.reciprocal(x!), domain: positive },
  inverseSqrt: { shapes: [[33]], f: ([x]) => ops.inverseSqrt(x!), domain: positive },
  divide: {
    shapes: [
      [3, 11],
      [3, 11],
    ],
    f: ([x, y]) => ops.divide(x!, y!),
    domain: positive,
  },
  log: { shapes: [[33]], f: ([x]) => ops.log(x!), domain: positive },
  sqrt: { shapes: [[33]], f: ([x]) => ops.sqrt(x!), domain: positive },
  abs: { shapes: [[65]], f: ([x]) => ops.square(ops.abs(x!)), domain: offKink },
  sign: { shapes: [[65]], f: ([x]) => ops.multiply(ops.square(x!), ops.sign(x!)), domain: offKink },
  softplus: { shapes: [[65]], f: ([x]) => ops.softplus(ops.scale(x!, 3)) },
  binaryCrossEntropy: {
    shapes: [
      [5, 13],
      [5, 13],
    ],
    f: ([z, y]) => ops.binaryCrossEntropy(z!, y!),
  },
  relu: { shapes: [[9, 13]], f: ([x]) => ops.relu(x!), domain: offKink },
  reluBackward: { shapes: [[65], [65]], f: ([d, y]) => reluBackward(d!, y!), domain: offKink },
  tanh: { shapes: [[65]], f: ([x]) => ops.tanh(x!) },
  tanhBackward: { shapes: [[65], [65]], f: ([d, y]) => tanhBackward(d!, y!) },
  sigmoid: { shapes: [[65]], f: ([x]) => ops.sigmoid(x!) },
  sigmoidBackward: { shapes: [[65], [65]], f: ([d, y]) => sigmoidBackward(d!, y!) },
  gelu: { shapes: [[65]], f: ([x]) => ops.gelu(x!) },
  geluDerivative: { shapes: [[65]], f: ([x]) => geluDerivative(x!) },
  normalDensity: { shapes: [[65]], f: ([x]) => normalDensity(x!) },
  geluTanh: { shapes: [[65]], f: ([x]) => ops.geluTanh(x!) },
  geluTanhDerivative: { shapes: [[65]], f: ([x]) => geluTanhDerivative(x!) },
  sum: { shapes: [[5, 300, 3]], f: ([x]) => ops.sum(x!, { from: 1, to: 2 }) },
  // Elements are at least 0.05 apart, so that none overtakes another within the difference quotient.
  max: {
    shapes: [[5, 7, 3]],
    f: ([x]) => ops.max(x!, { from: 1, to: 2 }),
    domain: (v, i) => (((i * 37) % 105) - 52) / 15 + v / 100,
  },
  pick: {
    shapes: [[2, 7, 3]],
    labels: [0, 6, 3, 3, 1, 5],
    f: ([x, at]) => ops.pick(x!, ops.reshape(at!, [2, 3]), { from: 1, to: 2 }),
  },
  spread: {
    shapes: [[2, 3]],
    labels: [0, 6, 3, 3, 1, 5],
    f: ([d, at]) => ops.spread(d!, ops.reshape(at!, [2, 3]), [2, 7, 3], { from: 1, to: 2 }),
  },
  combine: {
    shapes: [[68], [3, 68], [3]],
    f: ([x, rows, c]) => ops.combine(x!, rows!, c!, -0.5),
  },
  dots: { shapes: [[5, 68], [68]], f: ([rows, w]) => ops.dots(rows!, w!) },
  subspaceExpand: { shapes: [[3]], f: ([z]) => ops.square(expand(z!, subspace)) },
  subspaceProject: { shapes: [[65]], f: ([x]) => ops.square(project(x!, subspace)) },
  dropout: { shapes: [[5, 13]], f: ([x]) => ops.dropout(x!, 0.3, { ...random, purpose: 9 }) },
  // Both outputs, so that the mean's rules are exercised with the variance's.
  variance: {
    shapes: [[3, 65, 2]],
    f: ([x]) => {
      const [variance, mean] = ops.varianceAndMean(x!, { from: 1, to: 2 });
      return ops.add(variance, ops.scale(mean, 0.5));
    },
  },
  broadcast: { shapes: [[5, 3]], f: ([x]) => ops.broadcast(x!, [5, 7, 3], { from: 1, to: 2 }) },
  reshape: { shapes: [[5, 6]], f: ([x]) => ops.reshape(x!, [3, 10]) },
  part: { shapes: [[layout.length]], f: ([x]) => part(x!, layout, 1) },
  pack: { shapes: [[5, 3], [7]], f: (parts) => pack(layout, parts) },
  dot: {
    shapes: [
      [33, 31],
      [33, 31],
    ],
    f: ([x, y]) => dot(x!, y!),
  },
  matmul: {
    shapes: [
      [33, 17],
      [17, 9],
    ],
    f: ([a, b]) => ops.matmul('NN', a!, b!),
  },
  batchedMatmul: {
    shapes: [
      [2, 1, 5, 7],
      [2, 3, 7, 9],
    ],
    f: ([a, b]) => ops.batchedMatmul('NN', a!, b!),
  },
  linear: { shapes: [[33, 7], [5, 7], [5]], f: ([x, w, b]) => ops.linear(x!, w!, b!) },
  conv2d: {
    shapes: [[3, 2, 7, 5], [5, 2, 3, 2], [5]],
    f: ([x, w, b]) => ops.conv2d(x!, w!, b!, { stride: [2, 1], padding: [1, 1] }),
  },
  conv2dInputGradient: {
    shapes: [
      [3, 5, 4, 6],
      [5, 2, 3, 2],
    ],
    f: ([dy, w]) => ops.conv2dInputGradient(dy!, w!, window, [7, 5]),
  },
  conv2dWeightGradient: {
    shapes: [
      [3, 2, 7, 5],
      [3, 5, 4, 6],
    ],
    f: ([x, dy]) => ops.conv2dWeightGradient(x!, dy!, window),
  },
  // Elements are at least 0.03 apart, so that none overtakes another within the difference quotient.
  maxPool2d: {
    shapes: [[1, 2, 6, 5]],
    f: ([x]) => ops.maxPool2d(x!, [3, 2], { stride: [2, 1], padding: [1, 1] }),
    domain: (v, i) => (((i * 37) % 60) - 30) / 15 + v / 100,
  },
  poolGather: {
    shapes: [[2, 3, 7, 5]],
    labels: chosen,
    f: ([x, at]) => ops.poolGather(x!, places(at!), window),
  },
  poolScatter: {
    shapes: [[2, 3, 4, 6]],
    labels: chosen,
    f: ([dy, at]) => ops.poolScatter(dy!, places(at!), window, [7, 5]),
  },
  avgPool2d: {
    shapes: [[2, 3, 7, 5]],
    f: ([x]) => ops.avgPool2d(x!, [3, 2], { stride: [2, 1], padding: [1, 1] }),
  },
  avgPool2dGradient: { shapes: [[2, 3, 4, 6]], f: ([dy]) => ops.avgPool2dGradient(dy!, window, [7, 5]) },
  // eps is large, so that third derivatives are small beside the step of the difference quotient.
  normalize: {
    shapes: [[5, 3, 7]],
    f: ([x]) => {
      const { y, mean, variance, s } = ops.normalize(x!, channels, 0.5);
      const outputs = [y, mean, variance, s];
      const layout = flatLayout(outputs.map(({ shape }, i) => ({ name: `${i}`, shape })));
      return pack(layout, outputs);
    },
  },
  normalizeTangent: {
    shapes: [[5, 3, 7], [5, 3, 7], [3]],
    f: ([d, y, s]) => ops.normalizeTangent(d!, y!, s!, channels),
    domain: positive,
  },
  standardize: {
    shapes: [[5, 3, 7], [3], [3]],
    f: ([x, mean, s]) => ops.standardize(x!, mean!, s!, channels),
    domain: positive,
  },
  scaleShift: {
    shapes: [[5, 3, 7], [3, 1], [3]],
    f: ([x, w, b]) => ops.scaleShift(x!, w!, b!, channels),
  },
  channelDot: {
    shapes: [
      [5, 3, 7],
      [5, 3, 7],
    ],
    f: ([x, y]) => ops.channelDot(x!, y!, channels),
  },
  channelSum: { shapes: [[5, 3, 7]], f: ([x]) => ops.channelSum(x!, channels) },
  permute: { shapes: [[2, 3, 5, 7]], f: ([x]) => ops.permute(x!, [2, 0, 3, 1]) },
  slice: { shapes: [[3, 7, 5]], f: ([x]) => ops.pad(ops.slice(x!, 1, 2, 5), 0, 1, 2) },
  concatenate: {
    shapes: [
      [3, 2, 5],
      [3, 4, 5],
    ],
    f: ([x, y]) => ops.concatenate([x!, ops.square(y!), x!], 1),
  },
  where: {
    shapes: [
      [2, 5],
      [2, 5],
    ],
    labels: [0, 1, 1, 0, 7, 0, 0, 1, 0, 1],
    f: ([x, y, mask]) => ops.where(ops.reshape(mask!, [2, 5]), x!, ops.square(y!)),
  },
  embedding: {
    shapes: [[5, 3]],
    labels: [0, 4, 1, 1, 4, 1],
    f: ([table, index]) => ops.square(ops.embedding(table!, ops.reshape(index!, [2, 3]))),
  },
  embeddingGradient: {
    shapes: [[6, 3]],
    labels: [0, 4, 1, 1, 4, 1],
    f: ([d, index]) => ops.square(ops.embeddingGradient(d!, index!, 5)),
  },
  softmax: { shapes: [[9, 10]], f: ([z]) => ops.softmax(z!) },
  'softmax, causal': { shapes: [[2, 3, 7, 7]], f: ([z]) => ops.softmax(z!, { causal: true }) },
  attention: {
    shapes: [
      [2, 3, 7, 5],
      [2, 3, 7, 5],
      [2, 3, 7, 5],
    ],
    f: ([q, k, v]) => ops.attention(q!, k!, v!),
  },
  'attention, causal': {
    shapes: [
      [3, 9, 4],
      [3, 9, 4],
      [3, 9, 4],
    ],
    f: ([q, k, v]) => ops.attention(q!, k!, v!, { causal: true, scale: 0.7 }),
  },
  selfAttention: { shapes: [[2, 5, 18]], f: ([x]) => ops.selfAttention(x!, 2, { causal: true }) },
  selfAttentionGradient: {
    shapes: [
      [2, 5, 18],
      [2, 5, 6],
    ],
    f: ([x, d]) => {
      const options = { causal: false, scale: 0.7, heads: 2 };
      return attentionGradient([x!], d!, attend([x!], options), options)[0]!;
    },
  },
  ...Object.fromEntries(
    [false, true].map((causal): [string, Sample] => [
      `attentionGradient${causal ? ', causal' : ''}`,
      {
        shapes: Array.from({ length: 4 }, () => [2, 5, 3]),
        f: ([q, k, v, d]) => {
          const options = { causal, scale: 0.7 };
          return ops.concatenate(
            attentionGradient([q!, k!, v!], d!, attend([q!, k!, v!], options), options),
            2,
          );
        },
      },
    ]),
  ),
  softmaxJacobian: {
    shapes: [
      [9, 10],
      [9, 10],
    ],
    f: ([p, v]) => softmaxJacobian(p!, v!, 0.5),
  },
  softTargetCrossEntropy: {
    shapes: [
      [9, 10],
      [9, 10],
    ],
    f: ([z, y]) => ops.softTargetCrossEntropy(z!, y!),
  },
  softmaxCrossEntropy: {
    shapes: [[9, 10]],
    labels: [0, 9, 3, 3, 1, 2, 8, 7, 5],
    f: ([z, y]) => ops.softmaxCrossEntropy(z!, y!),
  },
  softmaxCrossEntropyGradient: {
    shapes: [[9, 10], [9]],
    labels: [0, 9, 3, 3, 1, 2, 8, 7, 5],
    f: ([z, w, y]) => softmaxCrossEntropyGradient(z!, y!, w!),
  },
};

/** Sources, which depend on nothing, and the end of a program. */
const NOT_FUNCTIONS = new Set(['read', 'fill', 'store']);

test('every op of the table has a sample here', () => {
  expect([...new Set(Object.keys(SAMPLES).map((name) => name.split(',')[0]))].sort()).toEqual(
    [...opTable().keys()].filter((name) => !NOT_FUNCTIONS.has(name)).sort(),
  );
});

const elements = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const dot64 = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((total, value, i) => total + value * b[i]!, 0);

for (const [name, { shapes, f, domain, labels }] of Object.entries(SAMPLES)) {
  test(`${name}: closed, adjoint, and its tangent and second derivatives the finite differences`, async () => {
    const inputs = [
      ...shapes.map((shape, i) => ({
        shape,
        values: randomValues(elements(shape), 11 + i).map(domain ?? ((v) => v)),
      })),
      ...(labels ? [{ shape: [labels.length], values: Uint32Array.from(labels) }] : []),
    ];
    const errors = await checkDerivatives(await testGpu(), (...operands) => f(operands), inputs);
    expect(errors.missing).toEqual([]);
    // Two sums of rounded products: a few roundings of 2⁻²⁴ of what is added up.
    expect(errors.adjoint).toBeLessThan(16 * 2 ** -24);
    expect(errors.tangent).toBeLessThan(2e-3);
    expect(errors.second).toBeLessThan(2e-3);
  });
}

test('log, sqrt, abs, sign and divide have the signs of zero that they should, and log small numbers', async () => {
  const tiny = 1e-40;
  const [logs, roots, sizes, signs, quotients] = await evaluate(
    [{ shape: [4], values: Float32Array.of(0, -0, tiny, -tiny) }],
    ([x]) => [
      ops.log(x!),
      ops.sqrt(x!),
      ops.abs(x!),
      ops.sign(x!),
      ops.divide(ops.fill(x!.node.graph, 1, [4]), x!),
    ],
  );
  expect([...logs![0]!]).toEqual([-Infinity, -Infinity, expect.closeTo(Math.log(tiny), 4), NaN]);
  expect([...roots![0]!.slice(0, 2)]).toEqual([0, -0]);
  expect([...sizes![0]!.slice(0, 2)]).toEqual([0, 0]);
  expect([...signs![0]!]).toEqual([0, 0, 1, -1]);
  expect([...quotients![0]!.slice(0, 2)]).toEqual([Infinity, -Infinity]);
});

test('at kinks and ends the derivatives are those of PyTorch', async () => {
  const at = [0, -0, -2, 1e30, -1e30, Infinity, NaN];
  const derivative = async (f: (x: ops.Tensor) => ops.Tensor): Promise<number[]> => {
    const [d] = await evaluate([{ shape: [at.length], values: Float32Array.from(at) }], ([x]) => [
      grad(ops.sum(f(x!)), x!),
    ]);
    return [...d![0]!];
  };
  expect(await derivative(ops.abs)).toEqual([0, 0, -1, 1, -1, 1, NaN]);
  expect(await derivative(ops.softplus)).toEqual([0.5, 0.5, expect.closeTo(0.1192029, 6), 1, 0, 1, NaN]);
  expect(await derivative(ops.log)).toEqual([
    Infinity,
    -Infinity,
    -0.5,
    expect.any(Number),
    expect.any(Number),
    0,
    NaN,
  ]);
  expect((await derivative(ops.sqrt)).slice(0, 1)).toEqual([Infinity]);
});

test('a binary cross-entropy keeps the digits of a small loss', async () => {
  const z = [20, -20, 80, -80, 20, 0, Infinity, -Infinity, Infinity, NaN];
  const y = [1, 0, 1, 0, 0.25, 0.5, 0, 1, 1, 1];
  const [losses] = await evaluate(
    [z, y].map((values) => ({ shape: [z.length], values: Float32Array.from(values) })),
    ([z, y]) => [ops.binaryCrossEntropy(z!, y!)],
  );
  const exact = z.map(
    (v, i) => Math.abs(v) * (v >= 0 ? 1 - y[i]! : y[i]!) + Math.log1p(Math.exp(-Math.abs(v))),
  );
  // eˣ is right to 3 + 2|x| units in the last place.
  exact.slice(0, 6).forEach((loss, i) => {
    expect(Math.abs(losses![0]![i]! / loss - 1)).toBeLessThan(2 ** -23 * (12 + 2 * Math.abs(z[i]!)));
  });
  expect([...losses![0]!.slice(6)]).toEqual([Infinity, Infinity, NaN, NaN]);
});

test('normalise makes a flat vector one of length 1', async () => {
  const v = randomValues(128, 5).map((value, i) => (i < 100 ? value : 0));
  const [result] = await evaluate([{ shape: [128], values: v }], ([x]) => [ops.scaleToUnit(x!)]);
  const norm = Math.sqrt(dot64(v, v));
  // The norm's square, its inverse root (two units in the last place) and one product.
  for (const [i, value] of result![0]!.entries()) {
    expect(Math.abs(value - v[i]! / norm)).toBeLessThan((12 * 2 ** -24 * Math.abs(v[i]!)) / norm + 1e-12);
  }
  expect([...result![0]!.slice(100)].every((value) => value === 0)).toBe(true);
});

test('an elementwise op on [N, C, H, W] serves three replicas', async () => {
  const shape = [2, 3, 5, 7];
  const each = [1, 2, 3].map((seed) => randomValues(210, seed));
  const shared = randomValues(210, 9);
  const [result] = await evaluate(
    [
      { shape, values: each },
      { shape, values: shared },
    ],
    ([x, y]) => [ops.add(ops.relu(x!), y!)],
    3,
  );
  each.forEach((values, r) => {
    expect(result![r]).toEqual(values.map((v, i) => Math.fround(Math.max(0, v) + shared[i]!)));
  });
});

test('constants of one value and two shapes stay two tensors', async () => {
  const [result] = await evaluate([{ shape: [2, 3], values: randomValues(6, 1) }], ([x]) => {
    const { graph } = x!.node;
    const one = ops.reshape(fill(graph, 1, [1]), []);
    return [
      ops.add(ops.multiply(fill(graph, 1, [2, 3]), x!), ops.broadcast(one, [2, 3], { from: 0, to: 2 })),
    ];
  });
  expect(result![0]).toEqual(randomValues(6, 1).map((v) => Math.fround(v + 1)));
});

test('a part of a tensor is stored for itself, not where the whole would go', async () => {
  const parts = flatLayout([
    { name: 'a', shape: [3] },
    { name: 'b', shape: [130] },
  ]);
  const [first, rest] = await evaluate(
    [{ shape: [parts.length], values: randomValues(parts.length, 1) }],
    ([x]) => {
      const doubled = ops.scale(x!, 2);
      return [part(doubled, parts, 0), part(doubled, parts, 1)];
    },
  );
  const expected = randomValues(parts.length, 1).map((v) => 2 * v);
  expect(first![0]).toEqual(expected.slice(0, 3));
  expect(rest![0]).toEqual(expected.slice(64, 194));
});
