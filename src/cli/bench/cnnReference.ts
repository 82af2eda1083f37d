import { CNN_CHANNELS, CNN_FEATURES, type CnnTask } from '../../bench/cnn/cnnTask.ts';
import {
  type Conv2dExtents,
  conv2d,
  conv2dBiasGradient,
  conv2dInputGradient,
  conv2dPositions,
  conv2dWeightGradient,
} from '../../reference/conv2d.ts';
import { maxPool2d, maxPool2dGradient } from '../../reference/pool2d.ts';

type Vector = Float64Array;

/** What a network gives of one batch: its mean loss, the gradient, and the gradient's derivative along the tangents. */
interface Pass {
  readonly loss: number;
  /** By parameter, in the task's order. */
  readonly gradient: readonly Vector[];
  readonly tangent: readonly Vector[];
}

interface Batch {
  readonly images: number;
  readonly x: Vector;
  readonly labels: Uint32Array;
}

const EPS = 1e-5;

/**
 * Loss, gradient and the gradient's derivative along `tangents` (forward over reverse, Pearlmutter 1994), in float64.
 * @param tangents of each parameter; null for none, and the derivative is 0 then
 */
function passOver(
  batch: Batch,
  { batchNorm, classes }: Pick<CnnTask, 'batchNorm' | 'classes'>,
  parameters: readonly Vector[],
  tangents: readonly Vector[] | null,
): Pass {
  const { images, labels } = batch;
  if (batchNorm && tangents) throw new Error('no derivative of a BatchNorm gradient is written here');
  const zero = (like: Vector): Vector => new Float64Array(like.length);
  const dual = (i: number): readonly [Vector, Vector] => [
    parameters[i]!,
    tangents ? tangents[i]! : zero(parameters[i]!),
  ];
  const perStage = batchNorm ? 4 : 2;
  /** Undoes each stage, last first: from the gradient in its output, and that one's derivative. */
  const back: ((d: Vector, t: Vector) => readonly [Vector, Vector])[] = [];
  const gradient: Vector[] = [];
  const tangent: Vector[] = [];

  let h = batch.x;
  let dh = zero(h);
  let side = Math.sqrt(h.length / images);
  for (const [stage, outChannels] of CNN_CHANNELS.slice(1).entries()) {
    const channels = CNN_CHANNELS[stage]!;
    const extents: Conv2dExtents = {
      images,
      channels,
      height: side,
      width: side,
      outChannels,
      kernel: [5, 5],
      stride: [1, 1],
      padding: [0, 0],
    };
    const at = stage * perStage;
    const [w, dw] = dual(at);
    const [b, db] = dual(at + 1);
    const [input, dInput] = [h, dh];
    const [outSide] = conv2dPositions(extents);
    const plane = outSide ** 2;
    let a = conv2d(extents, input, w, b);
    let da = zero(a);
    if (tangents) {
      const [first, second] = [conv2d(extents, input, dw, db), conv2d(extents, dInput, w)];
      da = first.map((value, i) => value + second[i]!);
    }
    const norm = batchNorm ? normalizeChannels(a, plane, dual(at + 2)[0], dual(at + 3)[0]) : null;
    if (norm) a = norm.y;
    const active = a.map((value) => (value > 0 ? 1 : 0));
    const pool = {
      planes: images * outChannels,
      height: outSide,
      width: outSide,
      kernel: [2, 2] as const,
      stride: [2, 2] as const,
      padding: [0, 0] as const,
    };
    const { y, indices } = maxPool2d(
      pool,
      a.map((value, i) => value * active[i]!),
    );
    const perPlane = (outSide / 2) ** 2;
    dh = y.map((_, i) => {
      const from = Math.floor(i / perPlane) * plane + indices[i]!;
      return da[from]! * active[from]!;
    });
    h = y;
    side = outSide / 2;
    back.unshift((d, t) => {
      let da: Vector = maxPool2dGradient(pool, indices, d).map((value, i) => value * active[i]!);
      const ta = maxPool2dGradient(pool, indices, t).map((value, i) => value * active[i]!);
      if (norm) {
        const undone = norm.back(da);
        [gradient[at + 2], gradient[at + 3]] = [undone.weight, undone.bias];
        da = undone.x;
      }
      gradient[at] = conv2dWeightGradient(extents, input, da);
      gradient[at + 1] = conv2dBiasGradient(extents, da);
      if (tangents) {
        const [first, second] = [
          conv2dWeightGradient(extents, dInput, da),
          conv2dWeightGradient(extents, input, ta),
        ];
        tangent[at] = first.map((value, i) => value + second[i]!);
        tangent[at + 1] = conv2dBiasGradient(extents, ta);
      }
      if (stage === 0) return [zero(input), zero(input)];
      const dx = conv2dInputGradient(extents, da, w);
      if (!tangents) return [dx, zero(dx)];
      const [first, second] = [conv2dInputGradient(extents, da, dw), conv2dInputGradient(extents, ta, w)];
      return [dx, first.map((value, i) => value + second[i]!)];
    });
  }

  const last = 2 * perStage;
  const [w, dw] = dual(last);
  const [b, db] = dual(last + 1);
  let loss = 0;
  const wide = new Float64Array(classes * CNN_FEATURES);
  [gradient[last], gradient[last + 1]] = [wide, zero(b)];
  [tangent[last], tangent[last + 1]] = [zero(wide), zero(b)];
  const d = zero(h);
  const t = zero(h);
  for (let n = 0; n < images; n++) {
    const row = n * CNN_FEATURES;
    const z = Float64Array.from(b);
    const dz = Float64Array.from(db);
    for (let c = 0; c < classes; c++) {
      for (let k = 0; k < CNN_FEATURES; k++) {
        const entry = c * CNN_FEATURES + k;
        z[c]! += w[entry]! * h[row + k]!;
        dz[c]! += dw[entry]! * h[row + k]! + w[entry]! * dh[row + k]!;
      }
    }
    const top = Math.max(...z);
    const total = z.reduce((sum, value) => sum + Math.exp(value - top), 0);
    const p = z.map((value) => Math.exp(value - top) / total);
    loss += (top + Math.log(total) - z[labels[n]!]!) / images;
    const mean = p.reduce((sum, value, c) => sum + value * dz[c]!, 0);
    for (let c = 0; c < classes; c++) {
      const delta = (p[c]! - (c === labels[n] ? 1 : 0)) / images;
      const dDelta = (p[c]! * (dz[c]! - mean)) / images;
      gradient[last + 1]![c]! += delta;
      tangent[last + 1]![c]! += dDelta;
      for (let k = 0; k < CNN_FEATURES; k++) {
        const entry = c * CNN_FEATURES + k;
        gradient[last]![entry]! += delta * h[row + k]!;
        tangent[last]![entry]! += dDelta * h[row + k]! + delta * dh[row + k]!;
        d[row + k]! += delta * w[entry]!;
        t[row + k]! += dDelta * w[entry]! + delta * dw[entry]!;
      }
    }
  }
  let undone: readonly [Vector, Vector] = [d, t];
  for (const undo of back) undone = undo(...undone);
  return { loss, gradient, tangent };
}

/** BatchNorm by the batch's statistics: (x − mean)/√(variance + eps) of each channel, times its weight, plus its bias. */
function normalizeChannels(x: Vector, plane: number, weight: Vector, bias: Vector) {
  const channels = weight.length;
  const channelOf = (i: number): number => Math.floor(i / plane) % channels;
  const count = x.length / channels;
  const meanOf = (values: Vector): Vector => {
    const sums = new Float64Array(channels);
    values.forEach((value, i) => {
      sums[channelOf(i)]! += value / count;
    });
    return sums;
  };
  const mean = meanOf(x);
  const scale = meanOf(x.map((value, i) => (value - mean[channelOf(i)]!) ** 2)).map(
    (v) => 1 / Math.sqrt(v + EPS),
  );
  const normal = x.map((value, i) => (value - mean[channelOf(i)]!) * scale[channelOf(i)]!);
  return {
    y: normal.map((value, i) => value * weight[channelOf(i)]! + bias[channelOf(i)]!),
    back(d: Vector): { x: Vector; weight: Vector; bias: Vector } {
      const [means, products] = [meanOf(d), meanOf(d.map((value, i) => value * normal[i]!))];
      return {
        x: d.map((value, i) => {
          const c = channelOf(i);
          return weight[c]! * scale[c]! * (value - means[c]! - normal[i]! * products[c]!);
        }),
        weight: products.map((value) => value * count),
        bias: means.map((value) => value * count),
      };
    },
  };
}

function batchOf({ batch, x, labels }: CnnTask): Batch {
  return { images: batch, x: Float64Array.from(x), labels };
}

function flat(parts: readonly Vector[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

/** Mean loss over the batch that the last of `steps` steps of gradient descent sees (before its own update), in float64. */
export function cnnTrainingLoss(task: CnnTask, steps: number): number {
  const batch = batchOf(task);
  let parameters = task.parameters.map(({ values }) => Float64Array.from(values));
  let loss = Number.NaN;
  for (let step = 0; step < steps; step++) {
    const pass = passOver(batch, task, parameters, null);
    loss = pass.loss;
    parameters = parameters.map((values, i) => values.map((v, j) => v - task.rate * pass.gradient[i]![j]!));
  }
  return loss;
}

/** The mean over the batch of each example's squared gradient, in float64, in the parameters' order. */
export function cnnSecondMoments(task: CnnTask): Float64Array {
  const { batch, x, labels } = task;
  const parameters = task.parameters.map(({ values }) => Float64Array.from(values));
  const pixels = x.length / batch;
  let moments: Float64Array | undefined;
  for (let n = 0; n < batch; n++) {
    const one: Batch = {
      images: 1,
      x: Float64Array.from(x.subarray(n * pixels, (n + 1) * pixels)),
      labels: labels.subarray(n, n + 1),
    };
    const gradient = flat(passOver(one, task, parameters, null).gradient);
    moments ??= new Float64Array(gradient.length);
    for (let i = 0; i < gradient.length; i++) moments[i]! += gradient[i]! ** 2 / batch;
  }
  return moments!;
}

/** The Hessian of the mean loss times the parameters' direction, in float64, in the parameters' order. */
export function cnnHessianProduct(task: CnnTask): Float64Array {
  const parameters = task.parameters.map(({ values }) => Float64Array.from(values));
  const directions = task.parameters.map(({ direction }) => Float64Array.from(direction));
  return flat(passOver(batchOf(task), task, parameters, directions).tangent);
}

/** Loss and gradient at the task's point, in float64, for tests. */
export function cnnGradient(
  task: CnnTask,
  parameters: readonly Float64Array[],
): { loss: number; gradient: Float64Array } {
  const { loss, gradient } = passOver(batchOf(task), task, parameters, null);
  return { loss, gradient: flat(gradient) };
}
