import { inferShapes, type ModelSpec } from '../../nn/modelSpec.ts';

/** Multiply-adds of one example in the products of Linear and Conv2d layers; all else is not counted. */
export interface Arithmetic {
  readonly forward: number;
  /** Forward, gradients of the weights, and of every layer's input but the first one's. */
  readonly gradient: number;
  /** The same with a tangent pass beside it: Hv, and the gradient that comes with it. */
  readonly product: number;
  /** The tangent pass alone: another vector at the same point. */
  readonly further: number;
  /** Hv without the gradient: the weight gradients of the primal pass are left out. */
  readonly productAlone: number;
}

/**
 * Counted by layers of u multiply-adds forward: their weight gradient is u again, and so is the gradient of their input;
 * each product has two tangents, one for each operand, but the data have none.
 */
export function arithmetic(model: ModelSpec, inputShape: readonly number[]): Arithmetic {
  const shapes = inferShapes(model, inputShape);
  const layers = model.layers.flatMap((layer, i) => {
    const outputs = shapes[i + 1]!.reduce((product, extent) => product * extent, 1);
    if (layer.type === 'Linear') return [outputs * layer.in_features];
    if (layer.type !== 'Conv2d') return [];
    return [outputs * layer.in_channels * layer.kernel_size[0] * layer.kernel_size[1]];
  });
  const [first = 0, ...others] = layers;
  const rest = others.reduce((sum, u) => sum + u, 0);
  const gradient = 2 * first + 3 * rest;
  const further = 2 * first + 6 * rest;
  return {
    forward: first + rest,
    gradient,
    further,
    product: gradient + further,
    productAlone: gradient + further - first - rest,
  };
}
