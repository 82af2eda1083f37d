import { type Axes, allAxes, around, keptShape, requireAxes } from './axes.ts';
import type { Tensor } from './graph.ts';
import { applyAll, defineOp, type Lowering, type Operand } from './op.ts';
import { pick, spread } from './pick.ts';
import { planMax } from './plans/reducePlan.ts';

/** Its second output says which element was the largest: locally the op picks at fixed places. */
const maxOp = defineOp({
  name: 'max',
  vjp: ({ inputs: [x], outputs: [, index], attributes: { axes } }, [d]) => [
    d ? spread(d, index!, x!.shape, axes) : null,
  ],
  jvp: ({ outputs: [, index], attributes: { axes } }, [dx]) => [dx ? pick(dx, index!, axes) : null, null],
  lower: ({ inputs: [x], outputs: [y, index], attributes: { axes } }, to) => {
    lowerMax(to, x!, y!, index!, axes);
  },
});

function lowerMax(to: Lowering, x: Tensor, y: Tensor, index: Tensor, axes: Axes): void {
  const shape = around(x.shape, axes);
  const passes = planMax(shape, to.target);
  let from: { x: Operand; at?: Operand } = { x };
  passes.forEach(({ call, chunks }, i) => {
    const kept = (): Operand => to.scratch([shape.outer, chunks, shape.inner], y.replicated);
    const [values, places]: Operand[] = i === passes.length - 1 ? [y, index] : [kept(), kept()];
    to.dispatch(call, { ...from, y: values!, index: places! });
    from = { x: values!, at: places! };
  });
}

/**
 * The largest element along consecutive axes, by default of all, and where it is: a u32, row-major within those axes.
 * As in PyTorch the first of equal elements, and a NaN over every number; the gradient goes to that one element.
 * @throws if the axes are not of the shape.
 */
export function maxAndIndex(
  x: Tensor,
  axes: Axes = allAxes('max', x),
): readonly [values: Tensor, index: Tensor] {
  requireAxes('max', x, axes);
  const shape = keptShape(x.shape, axes);
  return applyAll(maxOp, [x], { axes }, [{ shape }, { shape, dtype: 'u32' }]) as unknown as readonly [
    Tensor,
    Tensor,
  ];
}

/** The largest element along consecutive axes, by default of all. See `maxAndIndex`. */
export function max(x: Tensor, axes?: Axes): Tensor {
  return maxAndIndex(x, axes)[0];
}

/** Where the largest element along consecutive axes is, by default of all: u32, without a gradient. See `maxAndIndex`. */
export function argmax(x: Tensor, axes?: Axes): Tensor {
  return maxAndIndex(x, axes)[1];
}
