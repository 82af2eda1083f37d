import type { LayerSpec, ModelSpec } from '../../src/nn/modelSpec.ts';
import * as conv from '../../src/reference/conv2d.ts';
import * as pool from '../../src/reference/pool2d.ts';

/** What a float64 loss is made of: a model, its examples and which of them are one batch. */
export interface DenseProblem {
  readonly model: ModelSpec;
  /** Of one example before and after each layer. */
  readonly shapes: readonly (readonly number[])[];
  readonly parameters: readonly Float64Array[];
  /** Running mean and variance by layer, for BatchNorm in eval mode; left out, it is in train mode. */
  readonly running?: ReadonlyMap<number, readonly [ArrayLike<number>, ArrayLike<number>]>;
  readonly x: Float64Array;
  readonly y: ArrayLike<number>;
}

type Layer<T extends LayerSpec['type']> = Extract<LayerSpec, { type: T }>;

/** Mean loss of a batch of consecutive examples, in float64 loops. */
export function batchLoss(problem: DenseProblem, from: number, to: number): number {
  const { model, shapes } = problem;
  const batch = to - from;
  const features = product(shapes[0]!);
  let next = 0;
  const take = (): Float64Array => problem.parameters[next++]!;
  const z = model.layers.reduce<Float64Array>(
    (h, layer, i) => apply(problem, layer, i, batch, h, take),
    problem.x.slice(from * features, to * features),
  );
  const width = z.length / batch;
  let total = 0;
  for (let n = 0; n < batch; n++) {
    const row = z.subarray(n * width, (n + 1) * width);
    if (model.loss === 'mse') {
      total += row.reduce((sum, v, k) => sum + (v - problem.y[(from + n) * width + k]!) ** 2, 0) / width;
    } else {
      const top = Math.max(...row);
      const sum = row.reduce((all, v) => all + Math.exp(v - top), 0);
      total += top + Math.log(sum) - row[problem.y[from + n]!]!;
    }
  }
  return total / batch;
}

/** Gradient and Hessian of a function of the parameters by central differences: errors of about 10⁻⁷. */
export function derivatives(
  problem: DenseProblem,
  loss: (at: DenseProblem) => number,
): { gradient: Float64Array; hessian: Float64Array[] } {
  const parameters = problem.parameters.map((p) => Float64Array.from(p));
  const moved = { ...problem, parameters };
  const places = parameters.flatMap((p) => Array.from(p, (_, i) => [p, i] as const));
  const h = 4e-4;
  const at = (moves: readonly (readonly [number, number])[]): number => {
    for (const [k, by] of moves) places[k]![0][places[k]![1]]! += by;
    const value = loss(moved);
    for (const [k, by] of moves) places[k]![0][places[k]![1]]! -= by;
    return value;
  };
  const gradient = Float64Array.from(places, (_, k) => (at([[k, h / 40]]) - at([[k, -h / 40]])) / (h / 20));
  const hessian = places.map(() => new Float64Array(places.length));
  for (let a = 0; a < places.length; a++) {
    for (let b = 0; b <= a; b++) {
      const four = [1, -1].map(
        (s) =>
          at([
            [a, s * h],
            [b, h],
          ]) -
          at([
            [a, s * h],
            [b, -h],
          ]),
      );
      hessian[a]![b] = (four[0]! - four[1]!) / (4 * h * h);
      hessian[b]![a] = hessian[a]![b]!;
    }
  }
  return { gradient, hessian };
}

function product(shape: readonly number[]): number {
  return shape.reduce((all, extent) => all * extent, 1);
}

function apply(
  { shapes, running }: DenseProblem,
  layer: LayerSpec,
  index: number,
  batch: number,
  x: Float64Array,
  take: () => Float64Array,
): Float64Array {
  const shape = shapes[index]!;
  switch (layer.type) {
    case 'Linear': {
      const [w, b] = [take(), layer.bias ? take() : null];
      return Float64Array.from({ length: batch * layer.out_features }, (_, at) => {
        const [n, l] = [Math.floor(at / layer.out_features), at % layer.out_features];
        let sum = b ? b[l]! : 0;
        for (let k = 0; k < layer.in_features; k++) {
          sum += w[l * layer.in_features + k]! * x[n * layer.in_features + k]!;
        }
        return sum;
      });
    }
    case 'Conv2d': {
      const extents = {
        images: batch,
        channels: layer.in_channels,
        outChannels: layer.out_channels,
        height: shape[1]!,
        width: shape[2]!,
        kernel: layer.kernel_size,
        stride: layer.stride,
        padding: layer.padding,
      };
      return conv.conv2d(extents, x, take(), layer.bias ? take() : null);
    }
    case 'MaxPool2d':
    case 'AvgPool2d': {
      const extents = {
        planes: batch * shape[0]!,
        height: shape[1]!,
        width: shape[2]!,
        kernel: layer.kernel_size,
        stride: layer.stride,
        padding: layer.padding,
      };
      return layer.type === 'MaxPool2d' ? pool.maxPool2d(extents, x).y : pool.avgPool2d(extents, x);
    }
    case 'BatchNorm1d':
    case 'BatchNorm2d':
      return batchNorm(layer, shape, batch, x, [take(), take()], running?.get(index));
    case 'LayerNorm':
      return layerNorm(layer, x, [take(), take()]);
    case 'Tanh':
      return x.map(Math.tanh);
    case 'Sigmoid':
      return x.map((v) => 1 / (1 + Math.exp(-v)));
    case 'ReLU':
      return x.map((v) => Math.max(0, v));
    case 'GELU':
      if (layer.approximate !== 'tanh') throw new Error('the reference has the tanh form only');
      return x.map((v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))));
    default:
      return x;
  }
}

function batchNorm(
  { eps }: Layer<'BatchNorm1d' | 'BatchNorm2d'>,
  shape: readonly number[],
  batch: number,
  x: Float64Array,
  [weight, bias]: readonly [Float64Array, Float64Array],
  running?: readonly [ArrayLike<number>, ArrayLike<number>],
): Float64Array {
  const channels = shape[0]!;
  const inner = product(shape.slice(1));
  const y = new Float64Array(x.length);
  for (let c = 0; c < channels; c++) {
    const at: number[] = [];
    for (let n = 0; n < batch; n++) {
      for (let i = 0; i < inner; i++) at.push((n * channels + c) * inner + i);
    }
    const mean = running ? running[0][c]! : at.reduce((sum, i) => sum + x[i]!, 0) / at.length;
    const variance = running
      ? running[1][c]!
      : at.reduce((sum, i) => sum + (x[i]! - mean) ** 2, 0) / at.length;
    for (const i of at) y[i] = ((x[i]! - mean) / Math.sqrt(variance + eps)) * weight[c]! + bias[c]!;
  }
  return y;
}

function layerNorm(
  { normalized_shape, eps }: Layer<'LayerNorm'>,
  x: Float64Array,
  [weight, bias]: readonly [Float64Array, Float64Array],
): Float64Array {
  const width = product(normalized_shape);
  const y = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += width) {
    const part = x.subarray(row, row + width);
    const mean = part.reduce((sum, v) => sum + v, 0) / width;
    const variance = part.reduce((sum, v) => sum + (v - mean) ** 2, 0) / width;
    part.forEach((v, i) => {
      y[row + i] = ((v - mean) / Math.sqrt(variance + eps)) * weight[i]! + bias[i]!;
    });
  }
  return y;
}
