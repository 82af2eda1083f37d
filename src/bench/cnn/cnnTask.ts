import { uniform } from '../uniform.ts';

/** One tensor of parameters, with PyTorch's name and layout. */
export interface CnnParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** Of a direction in the space of the parameters. */
  readonly direction: Float32Array;
}

/** A LeNet-like network at a point, and its batch of 28 × 28 images: see `CNN_LAYERS`. */
export interface CnnTask {
  /**
   * cnnStep: a step of plain gradient descent, the result is the loss of the last one. cnnSecondMoments: the mean over the batch of each
   * example's squared gradient. cnnHvp: the Hessian of the mean loss times the direction. Both are flat, in the parameters' order.
   * cnnEvaluation: the mean loss over `EVALUATED` images, the batch again and again.
   */
  readonly kind: 'cnnStep' | 'cnnSecondMoments' | 'cnnHvp' | 'cnnEvaluation';
  /** Whether a BatchNorm with batch statistics stands between each convolution and its ReLU. */
  readonly batchNorm: boolean;
  readonly batch: number;
  readonly classes: number;
  /** ε of plain gradient descent. */
  readonly rate: number;
  /** [batch, 1, 28, 28]. */
  readonly x: Float32Array;
  /** The same values as bytes: x = bytes/255. */
  readonly bytes: Uint8Array;
  readonly labels: Uint32Array;
  /** One-hot, [batch, classes]. */
  readonly y: Float32Array;
  /** In the order of PyTorch's state dict. */
  readonly parameters: readonly CnnParameter[];
}

/** Steps between two readings of the loss. */
export const CNN_STEPS = 10;

/** Images of an evaluation: as many as batches of 64 that hold 10,000. */
export const EVALUATED = 10_048;

/** Images are 28 × 28, convolutions 5 × 5 without padding, pooling 2 × 2. */
export const CNN_CHANNELS = [1, 8, 16] as const;
const SIDE = 28;
const KERNEL = 5;
/** Elements of an image after both convolutions and poolings: 16 · 4 · 4. */
export const CNN_FEATURES = 256;
const CLASSES = 10;

/** Layers as a model file has them: twice conv 5 × 5, (BatchNorm), ReLU, max pooling 2 × 2, to 8 and 16 channels; then linear. */
export function cnnLayers(batchNorm: boolean): readonly object[] {
  const stage = (input: number, output: number): object[] => [
    { type: 'Conv2d', in_channels: input, out_channels: output, kernel_size: KERNEL },
    ...(batchNorm ? [{ type: 'BatchNorm2d', num_features: output }] : []),
    { type: 'ReLU' },
    { type: 'MaxPool2d', kernel_size: 2 },
  ];
  const [input, first, second] = CNN_CHANNELS;
  return [
    ...stage(input, first),
    ...stage(first, second),
    { type: 'Flatten' },
    { type: 'Linear', in_features: CNN_FEATURES, out_features: CLASSES },
  ];
}

/** A task with its inputs; the same bits on each call. */
export function cnnTask(kind: CnnTask['kind'], batch: number, batchNorm: boolean): CnnTask {
  const bytes = Uint8Array.from(uniform(batch * SIDE ** 2, 1, 0, 256));
  const labels = Uint32Array.from(uniform(batch, 2, 0, CLASSES));
  const y = new Float32Array(batch * CLASSES);
  labels.forEach((label, n) => {
    y[n * CLASSES + label] = 1;
  });
  const parameters: CnnParameter[] = [];
  const add = (name: string, shape: readonly number[], from: number, to: number): void => {
    const elements = shape.reduce((product, extent) => product * extent, 1);
    const seed = 10 + 2 * parameters.length;
    parameters.push({
      name,
      shape,
      values: uniform(elements, seed, from, to),
      direction: uniform(elements, seed + 1, -1, 1),
    });
  };
  const stage = batchNorm ? 4 : 3;
  for (const [i, channels] of CNN_CHANNELS.slice(1).entries()) {
    const input = CNN_CHANNELS[i]!;
    const bound = 1 / Math.sqrt(input * KERNEL ** 2);
    add(`${i * stage}.weight`, [channels, input, KERNEL, KERNEL], -bound, bound);
    add(`${i * stage}.bias`, [channels], -bound, bound);
    if (!batchNorm) continue;
    add(`${i * stage + 1}.weight`, [channels], 0.5, 1.5);
    add(`${i * stage + 1}.bias`, [channels], -0.1, 0.1);
  }
  const bound = 1 / Math.sqrt(CNN_FEATURES);
  add(`${2 * stage + 1}.weight`, [CLASSES, CNN_FEATURES], -bound, bound);
  add(`${2 * stage + 1}.bias`, [CLASSES], -bound, bound);
  return {
    kind,
    batchNorm,
    batch,
    classes: CLASSES,
    // At larger rates ten steps with BatchNorm make a thousand of a rounding: no two libraries would agree.
    rate: 0.01,
    x: Float32Array.from(bytes, (value) => value / 255),
    bytes,
    labels,
    y,
    parameters,
  };
}
