import { expect, test } from 'vitest';
import { jvp } from '../../src/autograd/jvp.ts';
import { perExample } from '../../src/autograd/perExample.ts';
import { grad, vjp } from '../../src/autograd/vjp.ts';
import { exampleLosses } from '../../src/nn/exampleLosses.ts';
import { forward, parameterLayout } from '../../src/nn/forward.ts';
import { inferShapes, type LayerSpec, type ModelSpec, parseModel } from '../../src/nn/modelSpec.ts';
import { fill } from '../../src/ops/fill.ts';
import { pack, unpack } from '../../src/ops/flat.ts';
import { mean } from '../../src/ops/sum.ts';
import * as conv from '../../src/reference/conv2d.ts';
import * as pool from '../../src/reference/pool2d.ts';
import { evaluate, randomValues } from './trace.ts';

const INPUT = [2, 11, 9];
const BATCH = 6;
const CLASSES = 4;

const MODELS: Record<string, ModelSpec> = {
  'max pooling': parseModel('model.json', {
    layers: [
      { type: 'Conv2d', in_channels: 2, out_channels: 5, kernel_size: 3, padding: 1 },
      { type: 'Tanh' },
      { type: 'MaxPool2d', kernel_size: [3, 2], stride: 2, padding: 1 },
      { type: 'Conv2d', in_channels: 5, out_channels: 7, kernel_size: [2, 3], stride: [2, 1], bias: false },
      { type: 'Tanh' },
      { type: 'Flatten' },
      { type: 'Linear', in_features: 63, out_features: CLASSES },
    ],
    loss: 'cross_entropy',
  }),
  'average pooling': parseModel('model.json', {
    layers: [
      {
        type: 'Conv2d',
        in_channels: 2,
        out_channels: 6,
        kernel_size: [5, 3],
        stride: [1, 2],
        padding: [2, 0],
      },
      { type: 'ReLU' },
      { type: 'AvgPool2d', kernel_size: 3, stride: [2, 1], padding: 1 },
      { type: 'Conv2d', in_channels: 6, out_channels: 3, kernel_size: 2, padding: 1 },
      { type: 'Tanh' },
      { type: 'Flatten' },
      { type: 'Linear', in_features: 105, out_features: CLASSES },
    ],
    loss: 'cross_entropy',
  }),
};

/** Mean cross-entropy and its gradient of such a model, in float64 loops. */
function lossesAndGradient(
  { layers }: ModelSpec,
  shapes: readonly (readonly number[])[],
  parameters: readonly Float64Array[],
  x: Float64Array,
  labels: ArrayLike<number>,
): { losses: number[]; gradient: Float64Array[] } {
  const batch = labels.length;
  const values = [x];
  const used: Float64Array[][] = [];
  let next = 0;
  layers.forEach((layer, i) => {
    const own = 'bias' in layer ? [parameters[next++]!, ...(layer.bias ? [parameters[next++]!] : [])] : [];
    used.push(own);
    values.push(apply(layer, batch, shapes[i]!, values[i]!, own));
  });
  const z = values.at(-1)!;
  let d = new Float64Array(z.length);
  const losses = Array.from({ length: batch }, (_, n) => {
    const row = z.subarray(n * CLASSES, (n + 1) * CLASSES);
    const total = row.reduce((sum, v) => sum + Math.exp(v), 0);
    row.forEach((v, c) => {
      d[n * CLASSES + c] = (Math.exp(v) / total - (c === labels[n] ? 1 : 0)) / batch;
    });
    return Math.log(total) - row[labels[n]!]!;
  });
  const gradient: Float64Array[] = [];
  for (let i = layers.length - 1; i >= 0; i--) {
    const back = pullBack(layers[i]!, batch, shapes[i]!, values[i]!, values[i + 1]!, used[i]!, d);
    gradient.unshift(...back.parameters);
    d = back.input;
  }
  return { losses, gradient };
}

type Windowed = Extract<LayerSpec, { kernel_size: [number, number] }>;

function poolExtents(
  { kernel_size: kernel, stride, padding }: Windowed,
  batch: number,
  [c, height, width]: readonly number[],
) {
  return { planes: batch * c!, height: height!, width: width!, kernel, stride, padding };
}

function convExtents(
  layer: Extract<LayerSpec, { type: 'Conv2d' }>,
  batch: number,
  shape: readonly number[],
): conv.Conv2dExtents {
  const { planes: _, ...rest } = poolExtents(layer, batch, shape);
  return { images: batch, channels: layer.in_channels, outChannels: layer.out_channels, ...rest };
}

function apply(
  layer: LayerSpec,
  batch: number,
  shape: readonly number[],
  x: Float64Array,
  [w, b]: readonly Float64Array[],
): Float64Array {
  switch (layer.type) {
    case 'Conv2d':
      return conv.conv2d(convExtents(layer, batch, shape), x, w!, b ?? null);
    case 'Tanh':
      return x.map(Math.tanh);
    case 'ReLU':
      return x.map((v) => Math.max(0, v));
    case 'MaxPool2d':
      return pool.maxPool2d(poolExtents(layer, batch, shape), x).y;
    case 'AvgPool2d':
      return pool.avgPool2d(poolExtents(layer, batch, shape), x);
    case 'Linear':
      return Float64Array.from({ length: batch * layer.out_features }, (_, at) => {
        const [n, l] = [Math.floor(at / layer.out_features), at % layer.out_features];
        let sum = b![l]!;
        for (let k = 0; k < layer.in_features; k++) {
          sum += w![l * layer.in_features + k]! * x[n * layer.in_features + k]!;
        }
        return sum;
      });
    default:
      return x;
  }
}

function pullBack(
  layer: LayerSpec,
  batch: number,
  shape: readonly number[],
  x: Float64Array,
  y: Float64Array,
  [w, b]: readonly Float64Array[],
  d: Float64Array,
): { input: Float64Array<ArrayBuffer>; parameters: Float64Array[] } {
  const none = (input: Float64Array) => ({ input: Float64Array.from(input), parameters: [] });
  switch (layer.type) {
    case 'Conv2d': {
      const e = convExtents(layer, batch, shape);
      const parameters = [conv.conv2dWeightGradient(e, x, d), ...(b ? [conv.conv2dBiasGradient(e, d)] : [])];
      return { ...none(conv.conv2dInputGradient(e, d, w!)), parameters };
    }
    case 'Tanh':
      return none(d.map((v, i) => v * (1 - y[i]! ** 2)));
    case 'ReLU':
      return none(d.map((v, i) => (y[i]! > 0 ? v : 0)));
    case 'MaxPool2d': {
      const e = poolExtents(layer, batch, shape);
      return none(pool.maxPool2dGradient(e, pool.maxPool2d(e, x).indices, d));
    }
    case 'AvgPool2d':
      return none(pool.avgPool2dGradient(poolExtents(layer, batch, shape), d));
    case 'Linear': {
      const { in_features: inputs, out_features: outputs } = layer;
      const [dx, dw, db] = [x.map(() => 0), w!.map(() => 0), b!.map(() => 0)];
      d.forEach((v, at) => {
        const [n, l] = [Math.floor(at / outputs), at % outputs];
        db[l]! += v;
        for (let k = 0; k < inputs; k++) {
          dw[l * inputs + k]! += v * x[n * inputs + k]!;
          dx[n * inputs + k]! += v * w![l * inputs + k]!;
        }
      });
      return { ...none(dx), parameters: [dw, db] };
    }
    default:
      return none(d);
  }
}

/** Weights of a scale that keeps values of the order of 1, in the flat layout and apart. */
function pointsOf(model: ModelSpec) {
  const layout = parameterLayout(model);
  const flat = (seed: number): Float32Array => {
    const values = new Float32Array(layout.length);
    layout.entries.forEach((e, i) => {
      const fanIn = e.elements / e.shape[0]!;
      values.set(
        randomValues(e.elements, seed + i).map((v) => (1.5 * v) / Math.sqrt(fanIn)),
        e.offset,
      );
    });
    return values;
  };
  const split = (values: Float32Array): Float64Array[] =>
    layout.entries.map((e) => Float64Array.from(values.subarray(e.offset, e.offset + e.elements)));
  return { layout, flat, split };
}

const PIXELS = INPUT.reduce((a, b) => a * b, 1);

test.for(Object.entries(MODELS))(
  'a CNN with %s: losses, gradient and jvp(grad) against float64',
  async ([, model]) => {
    const shapes = inferShapes(model, INPUT);
    const { layout, flat, split } = pointsOf(model);
    const thetas = [1, 21, 41].map(flat);
    const v = flat(100);
    const x = randomValues(BATCH * PIXELS, 7);
    const labels = Uint32Array.from({ length: BATCH }, (_, n) => (n * 7) % CLASSES);

    const [losses, gradient, product] = await evaluate(
      [
        { shape: [layout.length], values: thetas },
        { shape: [layout.length], values: v },
        { shape: [BATCH, ...INPUT], values: x },
        { shape: [BATCH], values: labels },
      ],
      ([theta, direction, images, targets]) => {
        const parameters = unpack(theta!, layout);
        const l = exampleLosses(
          'cross_entropy',
          forward(model, parameters, images!, { mode: 'train' }),
          targets!,
        );
        const g = pack(layout, grad(mean(l), parameters));
        return [l, g, jvp([g], [[theta!, direction!]])[0]!];
      },
      3,
    );
    const input = Float64Array.from(x);
    thetas.forEach((theta, r) => {
      const at = (h: number) =>
        lossesAndGradient(
          model,
          shapes,
          split(theta).map((p, i) => p.map((value, j) => value + h * split(v)[i]![j]!)),
          input,
          labels,
        );
      const expected = at(0);
      const h = 1e-6;
      const [plus, minus] = [concatenate(at(h).gradient), concatenate(at(-h).gradient)];
      expectClose(losses![r]!, expected.losses, 1e-5);
      expectClose(concatenate(split(gradient![r]!)), concatenate(expected.gradient), 1e-5);
      expectClose(
        concatenate(split(product![r]!)),
        plus.map((value, i) => (value - minus[i]!) / (2 * h)),
        1e-4,
      );
    });
  },
);

test.for(Object.entries(MODELS))(
  'a CNN with %s: statistics over examples against a loop over them',
  async ([, model]) => {
    const shapes = inferShapes(model, INPUT);
    const { layout, flat, split } = pointsOf(model);
    const thetas = [1, 21, 41].map(flat);
    const x = randomValues(BATCH * PIXELS, 7);
    const labels = Uint32Array.from({ length: BATCH }, (_, n) => (n * 7) % CLASSES);
    const count = layout.entries.length;
    const results = await evaluate(
      [
        { shape: [layout.length], values: thetas },
        { shape: [BATCH, ...INPUT], values: x },
        { shape: [BATCH], values: labels },
      ],
      ([theta, images, targets], graph) => {
        const parameters = unpack(theta!, layout);
        const l = exampleLosses(
          'cross_entropy',
          forward(model, parameters, images!, { mode: 'train' }),
          targets!,
        );
        const structure = perExample(vjp([[l, fill(graph, 1, [BATCH])]], parameters), parameters);
        const moments = structure.map((each) => each.moments());
        return [
          pack(
            layout,
            moments.map(({ gradient }) => gradient),
          ),
          pack(
            layout,
            moments.map(({ centredSquares }) => centredSquares),
          ),
          ...moments.map(({ normSq }) => normSq),
          ...structure.map((each) => each.norms()),
          ...structure.map((each) => each.norms(3)),
        ];
      },
      3,
    );
    thetas.forEach((theta, r) => {
      const each = Array.from({ length: BATCH }, (_, n) => {
        const example = Float64Array.from(x.subarray(n * PIXELS, (n + 1) * PIXELS));
        return lossesAndGradient(model, shapes, split(theta), example, [labels[n]!]).gradient;
      });
      const whole = each.map(concatenate);
      const mean = whole[0]!.map((_, i) => whole.reduce((sum, g) => sum + g[i]!, 0) / BATCH);
      const squares = mean.map((m, i) => whole.reduce((sum, g) => sum + (g[i]! - m) ** 2, 0));
      expectClose(concatenate(split(results[0]![r]!)), mean, 1e-5);
      expectClose(concatenate(split(results[1]![r]!)), squares, 1e-5);
      layout.entries.forEach((_, i) => {
        const norms = each.map((g) => g[i]!.reduce((sum, value) => sum + value ** 2, 0));
        expectClose(results[2 + i]![r]!, norms, 1e-5);
        expectClose(results[2 + count + i]![r]!, norms, 1e-5);
        const groups = [0, 3].map((from) =>
          each[0]![i]!.reduce((sum, _, k) => {
            const total = each[from]![i]![k]! + each[from + 1]![i]![k]! + each[from + 2]![i]![k]!;
            return sum + total ** 2;
          }, 0),
        );
        expectClose(results[2 + 2 * count + i]![r]!, groups, 1e-5);
      });
    });
  },
);

function concatenate(parts: readonly Float64Array[]): number[] {
  return parts.flatMap((part) => [...part]);
}

/** Largest difference over the largest expected value. */
function expectClose(found: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(found.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  const error = Math.max(...expected.map((value, i) => Math.abs(value - found[i]!)));
  expect(error / scale).toBeLessThan(tolerance);
}
