import { inferShapes, type ModelSpec } from '../../nn/modelSpec.ts';
import { conv2d } from '../../ops/conv2d.ts';
import { size, type Tensor } from '../../ops/graph.ts';
import { linear } from '../../ops/linear.ts';
import { reshape } from '../../ops/reshape.ts';

/** A layer that is linear in its parameters and has nothing but reshaping before it. */
export interface FirstLayer {
  readonly layer: number;
  /** How many tensors of the layout are its own: the first ones. */
  readonly parameters: number;
  /** Elements of its output for one example, divisible by four. */
  readonly width: number;
  /** Of one example. */
  readonly outputShape: readonly number[];
  /** Its outputs by its own parameters for inputs [B, …]. */
  readonly apply: (parameters: readonly Tensor[], x: Tensor) => Tensor;
}

/** Null where no such layer comes first, or its outputs cannot be moved four at a time. */
export function firstLayer(model: ModelSpec, exampleShape: readonly number[]): FirstLayer | null {
  const at = model.layers.findIndex(({ type }) => type !== 'Flatten');
  const layer = model.layers[at];
  if (layer?.type !== 'Linear' && layer?.type !== 'Conv2d') return null;
  const outputShape = inferShapes(model, exampleShape)[at + 1]!;
  const width = size(outputShape);
  if (width % 4 !== 0 || (layer.type === 'Linear' && outputShape.length !== 1)) return null;
  const flat = (x: Tensor): Tensor => (at === 0 ? x : reshape(x, [x.shape[0]!, size(x.shape.slice(1))]));
  const apply = ([weight, bias]: readonly Tensor[], x: Tensor): Tensor => {
    const b = layer.bias ? bias! : null;
    return layer.type === 'Linear' ? linear(flat(x), weight!, b) : conv2d(flat(x), weight!, b, layer);
  };
  return { layer: at, parameters: layer.bias ? 2 : 1, width, outputShape, apply };
}
