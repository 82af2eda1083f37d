import { expect, test } from 'vitest';
import { perExample } from '../../src/autograd/perExample.ts';
import { vjp } from '../../src/autograd/vjp.ts';
import { State } from '../../src/gpu/state.ts';
import { Graph, size, stateOf, type Tensor } from '../../src/ops/graph.ts';
import {
  add,
  conv2d,
  fill,
  linear,
  maxPool2d,
  placesView,
  read,
  reshape,
  rowSum,
  scale,
  scaleShift,
  softmaxCrossEntropy,
  square,
  sum,
  tanh,
  window2d,
} from '../../src/ops/index.ts';
import { convolution } from '../../src/ops/perExample/convolution.ts';
import { outerProduct } from '../../src/ops/perExample/outerProduct.ts';
import { LARGEST_ROWS } from '../../src/ops/perExample/patchProducts.ts';
import type { PerExampleGradient } from '../../src/ops/perExample/perExampleGradient.ts';
import { sumOfUses } from '../../src/ops/perExample/sumOfUses.ts';
import { histogram as histogramReference } from '../../src/reference/histogram.ts';
import { testGpu } from './device.ts';
import { evaluate, type Operand, randomValues } from './trace.ts';

const gpu = await testGpu();

/** A parameter's gradients of single examples: of each the elements. */
type Rows = readonly ArrayLike<number>[];

const normSq = (g: ArrayLike<number>): number => Array.from(g).reduce((total, v) => total + v * v, 0);

/** Σ of the gradients of some of the examples. */
function total(rows: Rows, examples: readonly number[]): Float64Array {
  return Float64Array.from(rows[0]!, (_, i) => examples.reduce((sum_, n) => sum_ + rows[n]![i]!, 0));
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** What statistics of the gradients are, in the order of `statisticsOf`. */
function expected(rows: Rows, unit: number): Float64Array[] {
  const all = upTo(rows.length);
  const mean = total(rows, all).map((v) => v / rows.length);
  return [
    Float64Array.from(rows, normSq),
    Float64Array.from(upTo(rows.length / unit), (u) =>
      normSq(
        total(
          rows,
          upTo(unit).map((i) => u * unit + i),
        ),
      ),
    ),
    mean,
    mean.map((m, i) => all.reduce((sum_, n) => sum_ + (rows[n]![i]! - m) ** 2, 0)),
    Float64Array.from(rows, normSq),
    Float64Array.from(rows.flatMap((row) => Array.from(row))),
  ];
}

/** Norms of examples and of units, moments, and the gradients themselves. */
function statisticsOf(gradient: PerExampleGradient, unit: number): Tensor[] {
  const { gradient: mean, centredSquares, normSq: norms } = gradient.moments();
  return [gradient.norms(), gradient.norms(unit), mean, centredSquares, norms, gradient.rows()];
}

const STATISTICS = ['norms', 'norms of units', 'mean', 'centred squares', 'norms beside', 'rows'];

/**
 * Sums of some hundred products of numbers up to 1, and squares of such sums: rounding is a small multiple of 2⁻²⁴·√100 of the
 * largest of them.
 */
function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, what: string): void {
  expect(found.length, what).toBe(wanted.length);
  const largest = Math.max(...Array.from(wanted, Math.abs));
  const worst = Math.max(...Array.from(wanted, (v, i) => Math.abs(v - found[i]!)));
  expect(worst, what).toBeLessThanOrEqual(1e-5 * largest);
}

/** Parameters, and the logits [N, classes] of N examples. */
interface Model {
  readonly parameters: readonly (readonly number[])[];
  /** One example's. */
  readonly input: readonly number[];
  readonly logits: (parameters: readonly Tensor[], x: Tensor, examples: number) => Tensor;
}

/** LayerNorm's weight and bias, over the last axis. */
const scaled = (x: Tensor, w: Tensor, b: Tensor | null): Tensor =>
  scaleShift(x, w, b, placesView(x.shape, 1));

const MODELS: Readonly<Record<string, Model>> = {
  'two dense layers with one weight and one bias': {
    parameters: [[33, 33], [33]],
    input: [33],
    logits: ([w, b], x) => linear(tanh(linear(x, w!, b!)), w!, b!),
  },
  'three dense layers with one weight, of which one has a bias': {
    parameters: [[5, 5], [5]],
    input: [5],
    logits: ([w, b], x) => linear(tanh(linear(tanh(linear(x, w!, null)), w!, b!)), w!, null),
  },
  'a dense layer of one number': {
    parameters: [
      [1, 1],
      [2, 1],
    ],
    input: [1],
    logits: ([w, v], x) => linear(tanh(linear(tanh(linear(x, w!, null)), w!, null)), v!, null),
  },
  'a dense layer and a scaling over three positions, and one over their mean with the same weight': {
    parameters: [[13, 13], [13], [13], [13]],
    input: [3, 13],
    logits: ([w, b, scale, shift], x, examples) => {
      const rows = reshape(x, [examples * 3, 13]);
      const each = scaled(tanh(linear(rows, w!, b!)), scale!, shift!);
      return linear(sum(reshape(each, [examples, 3, 13]), { from: 1, to: 2 }), w!, b!);
    },
  },
  'convolutions with one weight, of the same images': {
    parameters: [[3, 3, 3, 3], [3], [5, 60]],
    input: [3, 5, 4],
    logits: ([w, b, v], x, examples) => {
      const once = tanh(conv2d(x, w!, b!, { padding: [1, 1] }));
      return linear(reshape(conv2d(once, w!, b!, { padding: [1, 1] }), [examples, 60]), v!, null);
    },
  },
  'convolutions with one weight, of one pixel and windows beyond it': {
    parameters: [[3, 3, 3, 3], [3]],
    input: [3, 1, 1],
    logits: ([w, b], x, examples) => {
      const once = tanh(conv2d(x, w!, b!, { padding: [1, 1] }));
      return reshape(conv2d(once, w!, b!, { padding: [1, 1] }), [examples, 3]);
    },
  },
  'convolutions with one weight, of images of two sizes': {
    parameters: [[3, 3, 3, 2], [3], [5, 18]],
    input: [3, 9, 7],
    logits: ([w, b, v], x, examples) => {
      const once = maxPool2d(tanh(conv2d(x, w!, b!, { padding: [1, 1] })), [2, 2]);
      return linear(reshape(conv2d(once, w!, null), [examples, 18]), v!, null);
    },
  },
  'a vector for a bias and for two scalings': {
    parameters: [[7, 5], [7]],
    input: [5],
    logits: ([w, v], x) => scaled(tanh(scaled(linear(x, w!, v!), v!, null)), v!, v!),
  },
};

const BATCH = 6;

for (const [name, { parameters, input, logits }] of Object.entries(MODELS)) {
  for (const [unit, replicas] of [
    [2, 3],
    [3, 1],
  ] as const) {
    test(`${name}: statistics are those of batches of one example, units of ${unit}, R = ${replicas}`, async () => {
      const x = randomValues(BATCH * size(input), 7);
      const labels = Uint32Array.from({ length: BATCH }, (_, n) => n % 2);
      const point = (replica: number): Operand[] =>
        parameters.map((shape, i) => ({ shape, values: randomValues(size(shape), 10 * replica + i + 1) }));
      const all = upTo(replicas).map(point);
      const batch = (first: number, examples: number): Operand[] => [
        {
          shape: [examples, ...input],
          values: x.slice(first * size(input), (first + examples) * size(input)),
        },
        { shape: [examples], values: labels.slice(first, first + examples) },
      ];
      const traced = (inputs: readonly Tensor[], examples: number) => {
        const given = inputs.slice(0, parameters.length);
        const [images, targets] = inputs.slice(parameters.length) as [Tensor, Tensor];
        const losses = softmaxCrossEntropy(logits(given, images, examples), targets);
        const cotangents = vjp([[losses, fill(losses.node.graph, 1, [examples])]], given);
        return { given, cotangents };
      };
      const found = await evaluate(
        [
          ...parameters.map((shape, i) => ({
            shape,
            values: all.map((operands) => operands[i]!.values as Float32Array),
          })),
          ...batch(0, BATCH),
        ],
        (inputs) => {
          const { given, cotangents } = traced(inputs, BATCH);
          const statistics = perExample(cotangents, given).flatMap((each) => statisticsOf(each, unit));
          return [...statistics, ...(cotangents.of as Tensor[])];
        },
        replicas,
      );
      for (const [r, operands] of all.entries()) {
        const single: Float32Array[][] = [];
        for (const n of upTo(BATCH)) {
          const gradients = await evaluate(
            [...operands, ...batch(n, 1)],
            (inputs) => traced(inputs, 1).cotangents.of as Tensor[],
          );
          single.push(gradients.map((g) => g[0]!));
        }
        parameters.forEach((_, p) => {
          const rows = single.map((gradients) => gradients[p]!);
          expected(rows, unit).forEach((wanted, i) => {
            const at = p * STATISTICS.length + i;
            expectClose(found[at]![r]!, wanted, `parameter ${p}, ${STATISTICS[i]}`);
          });
          const whole = found[parameters.length * STATISTICS.length + p]![r]!;
          const mean = found[p * STATISTICS.length + 2]![r]!;
          expectClose(
            mean.map((v) => BATCH * v),
            whole,
            `parameter ${p}: Σ gₙ`,
          );
        });
      }
    });
  }
}

/** Uses of one dense weight [L, K]: rows that each example has at each of them. */
const DENSE = [
  { batch: 1, inputs: 1, outputs: 1, uses: [1, 1], unit: 1 },
  { batch: 6, inputs: 33, outputs: 65, uses: [1, 1], unit: 3 },
  { batch: 33, inputs: 65, outputs: 1, uses: [2, 5], unit: 11 },
  { batch: 33, inputs: 1, outputs: 33, uses: [1, 1, 1], unit: 3 },
  { batch: 65, inputs: 33, outputs: 3, uses: [1, 3], unit: 5 },
  { batch: 4, inputs: 65, outputs: 33, uses: [33], unit: 2 },
];

const outer = { from: -2, to: 2, count: 50 };
const rowsOf = { from: -1, to: 1, count: 3 };

test.for(DENSE)('a dense weight of %o: statistics against float64 loops', async (shape) => {
  const { batch, inputs, outputs, uses, unit } = shape;
  // Multiples of 1/8: their sums of products are exact, so that no rounding decides on a bin.
  const eighths = (count: number, seed: number): Float32Array =>
    randomValues(count, seed).map((v) => Math.round(8 * v) / 8);
  const factors = uses.map((rows, u) => ({
    rows,
    x: eighths(batch * rows * inputs, 1 + u),
    delta: eighths(batch * rows * outputs, 11 + u),
  }));
  const w = eighths(outputs * inputs, 21);
  const each = upTo(batch).map((n) => {
    const g = new Float64Array(outputs * inputs);
    for (const { rows, x, delta } of factors) {
      for (let row = n * rows; row < (n + 1) * rows; row++) {
        for (let i = 0; i < g.length; i++) {
          g[i]! += delta[row * outputs + Math.floor(i / inputs)]! * x[row * inputs + (i % inputs)]!;
        }
      }
    }
    return g;
  });
  const counted = [{ gradient: outer }, { gradient: outer, parameter: rowsOf }];
  const found = await evaluate(
    [
      ...factors.flatMap(({ rows, x, delta }) => [
        { shape: [batch * rows, inputs], values: x },
        { shape: [batch * rows, outputs], values: delta },
      ]),
      { shape: [outputs, inputs], values: w },
      { shape: [outer.count + 1], values: new Uint32Array(outer.count + 1) },
      { shape: [rowsOf.count * outer.count + 1], values: new Uint32Array(rowsOf.count * outer.count + 1) },
    ],
    (operands, graph) => {
      const [parameter, ...counts] = operands.slice(2 * uses.length) as [Tensor, ...Tensor[]];
      const gradient = sumOfUses(
        uses.map((_, u) => {
          const [x, delta] = operands.slice(2 * u) as [Tensor, Tensor];
          return outerProduct(x, delta, { examples: batch, bias: false })[0];
        }),
        [outputs, inputs],
      );
      const statistics = statisticsOf(gradient, unit);
      const bins = counts.map((state, i) => {
        gradient.histogram(stateOf(state)!, counted[i]!, counted[i]!.parameter && parameter);
        return read(graph, stateOf(state)!);
      });
      return [...statistics, ...bins];
    },
  );
  expected(each, unit).forEach((wanted, i) => {
    expectClose(found[i]![0]!, wanted, STATISTICS[i]!);
  });
  const flat = Float64Array.from(each.flatMap((g) => Array.from(g)));
  counted.forEach(({ gradient, parameter }, i) => {
    const wanted = histogramReference(
      Float64Array.of(1),
      flat,
      parameter ? upTo(flat.length).map((at) => w[at % w.length]!) : null,
      { batch: 1, outputs: flat.length, inputs: 1 },
      gradient,
      parameter,
    );
    expect([...new Uint32Array(found[STATISTICS.length + i]![0]!.buffer)]).toEqual([...wanted]);
  });
});

test('uses that cancel leave norms and moments of the size of rounding', async () => {
  const [batch, inputs, outputs] = [8, 33, 65];
  const [x, delta] = [randomValues(batch * inputs, 1), randomValues(batch * outputs, 2)];
  const found = await evaluate(
    [
      { shape: [batch, inputs], values: x },
      { shape: [batch, outputs], values: delta },
    ],
    ([X, D]) => {
      const of = (d: Tensor): PerExampleGradient => outerProduct(X!, d, { examples: batch, bias: false })[0];
      const both = sumOfUses([of(D!), of(scale(D!, -1))], [outputs, inputs]);
      return [of(D!).norms(), ...statisticsOf(both, 2)];
    },
  );
  const [one, ...statistics] = found.map((values) => Math.max(...values![0]!.map(Math.abs)));
  // Four products of sums over inputs and outputs; each is off by some roundings of itself.
  for (const value of statistics) expect(value).toBeLessThan(1e-6 * 4 * one!);
});

test('moments of a sequence and of a weight used twice plan no rows; uses of different forms do, up to a bound', async () => {
  const graph = new Graph();
  const of = (...shape: number[]): Tensor => fill(graph, 1, shape);
  const dense = sumOfUses(
    [1, 3].map((rows) => outerProduct(of(5 * rows, 4), of(5 * rows, 3), { examples: 5, bias: false })[0]),
    [3, 4],
  );
  expect(dense.patches).toHaveLength(2);
  const window = window2d('test', [3, 3], {});
  const conv = (height: number, examples: number): PerExampleGradient =>
    convolution(of(examples, 8, height, 5), of(examples, 512, height - 2, 3), window, examples)[0];
  const shape = [512, 8, 3, 3];
  expect(sumOfUses([conv(5, 7), conv(5, 7)], shape).patches).toHaveLength(2);
  expect(sumOfUses([conv(5, 7), conv(6, 7)], shape).patches).toBeNull();
  const most = Math.floor(LARGEST_ROWS / size(shape));
  expect(sumOfUses([conv(5, most), conv(6, most)], shape).rows().shape).toEqual([most, size(shape)]);
  expect(() => sumOfUses([conv(5, most + 1), conv(6, most + 1)], shape)).toThrow(
    `a parameter of ${size(shape)} elements, used in ways of different forms: ${most + 1} rows of it pass`,
  );
});

const REFUSED: Readonly<Record<string, [(w: Tensor, x: Tensor) => readonly [Tensor, Tensor], RegExp]>> = {
  'a parameter that a layer takes for its input': [
    (w, x) => [rowSum(linear(w, x, null)), w],
    /no per-example gradient: linear uses the parameter for its operand 0/,
  ],
  'a parameter of which one use has no rule': [
    (w, x) => [rowSum(add(linear(x, w, null), linear(x, square(w), null))), w],
    /no per-example gradient: square uses the parameter/,
  ],
  'a parameter that nothing uses': [
    (w, x) => [rowSum(square(x)), w],
    /no per-example gradient: nothing uses the parameter/,
  ],
  'rows that are no whole number an example': [
    (w, x) => [rowSum(reshape(linear(x, w, null), [2, 9])), w],
    /linear: 3 rows are no whole number of rows for each of 2 examples/,
  ],
  'the gradients of a number': [
    (w, x) => [sum(linear(x, w, null)), w],
    /per-example gradients: of outputs of shape \[\], expected one of losses \[B\]/,
  ],
};

test.each(Object.entries(REFUSED))('refused by name: %s', (_, [trace, message]) => {
  const graph = new Graph();
  const operand = (label: string, shape: readonly number[]): Tensor =>
    read(graph, new State(gpu, { label, shape }));
  const [losses, parameter] = trace(operand('weight', [6, 6]), operand('inputs', [3, 6]));
  const cotangents = vjp([[losses, fill(graph, 1, losses.shape)]], [parameter]);
  expect(() => perExample(cotangents, [parameter])).toThrow(message);
});
