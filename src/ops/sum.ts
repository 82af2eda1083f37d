import { type Axes, allAxes, around, keptShape, requireAxes } from './axes.ts';
import { broadcast } from './broadcast.ts';
import { constantOf, fill } from './fill.ts';
import { size, type Tensor } from './graph.ts';
import { apply, defineOp, type Lowering, type Operand, type Scratch } from './op.ts';
import { planCompensatedSum } from './plans/reducePlan.ts';
import { planSum, type SumShape, type SumTerms } from './plans/sumPlan.ts';
import { requireTensor } from './requireTensor.ts';
import { reshape } from './reshape.ts';
import { scale } from './scale.ts';

const sumOp = defineOp({
  name: 'sum',
  vjp: ({ inputs: [x], attributes }, [d]) => [d ? broadcast(d, x!.shape, attributes.axes) : null],
  jvp: ({ attributes: { axes, compensated } }, [dx]) => [dx ? sum(dx, axes, { compensated }) : null],
  lower: ({ inputs, outputs, attributes: { axes, compensated } }, to) => {
    if (compensated) lowerCompensated(to, inputs[0]!, outputs[0]!);
    else lowerSum(to, around(inputs[0]!.shape, axes), inputs[0]!, null, outputs[0]!);
  },
});

/**
 * Dispatches the passes of a sum, of products if `w` is given.
 * @param sharedRow `w` is one row, the same for all of `outer`
 */
export function lowerSum(
  to: Lowering,
  shape: SumShape,
  x: Tensor | Scratch,
  w: Tensor | null,
  y: Tensor | Scratch,
  { sharedRow = false }: Pick<SumTerms, 'sharedRow'> = {},
): void {
  const second = w === x ? null : w;
  const terms = w === null ? 'plain' : w === x ? 'square' : 'product';
  const passes = planSum(shape, to.target, { terms, sharedRow });
  let from: Operand = x;
  passes.forEach(({ call, chunks }, i) => {
    const target: Operand =
      i === passes.length - 1 ? y : to.scratch([shape.outer, chunks, shape.inner], y.replicated);
    to.dispatch(call, i === 0 && second ? { x: from, w: second, y: target } : { x: from, y: target });
    from = target;
  });
}

function lowerCompensated(to: Lowering, x: Tensor, y: Tensor): void {
  const passes = planCompensatedSum(size(x.shape), to.target);
  let from: { x: Operand; carried?: Operand } = { x };
  passes.forEach(({ call, chunks }, i) => {
    if (i === passes.length - 1) {
      to.dispatch(call, { ...from, y });
      return;
    }
    const partial = to.scratch([chunks], y.replicated);
    const lost = to.scratch([chunks], y.replicated);
    to.dispatch(call, { ...from, y: partial, lost });
    from = { x: partial, carried: lost };
  });
}

/**
 * Sum over consecutive axes, which leave the shape; over all of them by default (a scalar, shape []).
 * @throws if the axes are not of the shape, or a compensated sum keeps one.
 */
export function sum(
  x: Tensor,
  axes: Axes = allAxes('sum', x),
  {
    compensated = false,
  }: {
    /**
     * Carry the rounding errors along (Knuth's TwoSum, in a form that compilers leave alone): the result is right to about one rounding
     * whatever the number of elements. To a scalar only.
     */
    readonly compensated?: boolean;
  } = {},
): Tensor {
  requireTensor('sum', 'operand 0', x);
  requireAxes('sum', x, axes);
  const shape = keptShape(x.shape, axes);
  if (compensated && shape.length > 0) {
    throw new Error(`sum: a compensated sum is one to a scalar, this leaves [${shape.join(', ')}]`);
  }
  const constant = constantOf(x);
  if (constant !== null) return fill(x.node.graph, constant * around(x.shape, axes).reduced, shape);
  return apply(sumOp, [x], { axes, compensated }, { shape });
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
  return sum(x, { ...allAxes('sum', x), from: 1 });
}

/** Mean over consecutive axes, by default over all. */
export function mean(x: Tensor, axes: Axes = allAxes('mean', x)): Tensor {
  return scale(sum(x, axes), 1 / around(x.shape, axes).reduced);
}
