import { broadcast } from './broadcast.ts';
import { constantOf, fill } from './fill.ts';
import { showShape, size, type Tensor } from './graph.ts';
import { apply, defineOp, type Lowering, type Operand } from './op.ts';
import { planSum, type SumShape } from './plans/sumPlan.ts';
import { reshape } from './reshape.ts';
import { scale } from './scale.ts';

/** Consecutive axes `[from, to)` of a shape that are summed away. */
export interface Axes {
  readonly from: number;
  readonly to: number;
}

/** The shape as [outer, reduced, inner] about the given axes. */
export function around(shape: readonly number[], { from, to }: Axes): SumShape {
  return {
    outer: size(shape.slice(0, from)),
    reduced: size(shape.slice(from, to)),
    inner: size(shape.slice(to)),
  };
}

const sumOp = defineOp({
  name: 'sum',
  vjp: ({ inputs: [x], attributes }, [d]) => [d ? broadcast(d, x!.shape, attributes.axes) : null],
  jvp: ({ attributes }, [dx]) => [dx ? sum(dx, attributes.axes) : null],
  lower: ({ inputs, outputs, attributes }, to) => {
    lowerSum(to, around(inputs[0]!.shape, attributes.axes), inputs[0]!, null, outputs[0]!);
  },
});

/** Dispatches the passes of a sum, of products if `w` is given. */
export function lowerSum(to: Lowering, shape: SumShape, x: Tensor, w: Tensor | null, y: Tensor): void {
  const second = w === x ? null : w;
  const passes = planSum(shape, w === null ? 'plain' : w === x ? 'square' : 'product');
  let from: Operand = x;
  passes.forEach(({ call, chunks }, i) => {
    const target: Operand =
      i === passes.length - 1 ? y : to.scratch([shape.outer, chunks, shape.inner], y.replicated);
    to.dispatch(call, i === 0 && second ? { x: from, w: second, y: target } : { x: from, y: target });
    from = target;
  });
}

/**
 * Sum over consecutive axes, which leave the shape; over all of them by default (a scalar, shape []).
 * @throws if the axes are not of the shape.
 */
export function sum(x: Tensor, axes: Axes = { from: 0, to: x.shape.length }): Tensor {
  if (axes.from < 0 || axes.to > x.shape.length || axes.from > axes.to) {
    throw new Error(`sum: axes ${axes.from} to ${axes.to} of shape ${showShape(x.shape)}`);
  }
  const shape = [...x.shape.slice(0, axes.from), ...x.shape.slice(axes.to)];
  const constant = constantOf(x);
  if (constant !== null) return fill(x.node.graph, constant * around(x.shape, axes).reduced, shape);
  return apply(sumOp, [x], { axes }, { shape });
}

/** The sum over an axis, which leaves the shape; an axis of one element costs nothing. */
export function collapse(x: Tensor, axis: number): Tensor {
  const rest = [...x.shape.slice(0, axis), ...x.shape.slice(axis + 1)];
  return x.shape[axis] === 1 ? reshape(x, rest) : sum(x, { from: axis, to: axis + 1 });
}

/** [N, …] → […]: over the examples. */
export function sumRows(x: Tensor): Tensor {
  return sum(x, { from: 0, to: 1 });
}

/** [N, …] → [N]: within each example. */
export function rowSum(x: Tensor): Tensor {
  return sum(x, { from: 1, to: x.shape.length });
}

/** Mean over consecutive axes, by default over all. */
export function mean(x: Tensor, axes: Axes = { from: 0, to: x.shape.length }): Tensor {
  return scale(sum(x, axes), 1 / around(x.shape, axes).reduced);
}
