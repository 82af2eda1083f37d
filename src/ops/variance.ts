import { showShape } from '../host/showShape.ts';
import { addPresent } from './add.ts';
import { type Axes, allAxes, around, keptShape, requireAxes } from './axes.ts';
import { broadcast } from './broadcast.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { applyAll, defineOp, type Operand } from './op.ts';
import { planVariance } from './plans/reducePlan.ts';
import { scale } from './scale.ts';
import { subtract } from './subtract.ts';
import { mean, sum } from './sum.ts';

/** x less its mean along the axes. */
const centred = (x: Tensor, average: Tensor, axes: Axes): Tensor =>
  subtract(x, broadcast(average, x.shape, axes));

/**
 * With c = x − mean and v = f Σ c²: dv = 2f Σ c·dx, since Σ c = 0 takes the mean's own change out; the other way round
 * the cotangent of x is 2f·c·dv + dmean/n.
 */
const varianceOp = defineOp({
  name: 'variance',
  vjp: ({ inputs: [x], outputs: [, average], attributes: { axes, factor } }, [dv, dm]) => {
    const spreadOut = (d: Tensor): Tensor => broadcast(d, x!.shape, axes);
    return [
      addPresent(
        dv ? multiply(spreadOut(scale(dv, 2 * factor)), centred(x!, average!, axes)) : null,
        dm ? spreadOut(scale(dm, 1 / around(x!.shape, axes).reduced)) : null,
      ),
    ];
  },
  jvp: ({ inputs: [x], outputs: [, average], attributes: { axes, factor } }, [dx]) =>
    dx
      ? [scale(sum(multiply(centred(x!, average!, axes), dx), axes), 2 * factor), mean(dx, axes)]
      : [null, null],
  lower: ({ inputs: [x], outputs: [variance, average], attributes: { axes, factor } }, to) => {
    const shape = around(x!.shape, axes);
    const passes = planVariance(shape, factor, to.target);
    let parts: { parts?: Operand } = {};
    passes.forEach(({ call, chunks }, i) => {
      if (i === passes.length - 1) {
        to.dispatch(call, { x: x!, ...parts, mean: average!, variance: variance! });
        return;
      }
      const partial = to.scratch([shape.outer, chunks, shape.inner, 3], x!.replicated);
      to.dispatch(call, { x: x!, ...parts, variance: partial });
      parts = { parts: partial };
    });
  },
});

/**
 * Variance and mean along consecutive axes, by default over all elements: Σ (x − mean)²/(n − 1), or /n with `unbiased`
 * false. Centred throughout, so that a variance far below the squared mean keeps its digits; never E[x²] − E[x]². A NaN or
 * an infinity leaves neither of them finite; which of the two they are is the compiler's.
 * @throws if the axes are not of the shape, or an unbiased variance is asked of one element.
 */
export function varianceAndMean(
  x: Tensor,
  axes: Axes = allAxes('variance', x),
  { unbiased = true }: { readonly unbiased?: boolean } = {},
): readonly [variance: Tensor, mean: Tensor] {
  requireAxes('variance', x, axes);
  const { reduced } = around(x.shape, axes);
  if (unbiased && reduced < 2) {
    throw new Error(
      `variance: axes ${axes.from} to ${axes.to} of shape ${showShape(x.shape)} hold ${reduced} element, ` +
        'an unbiased variance needs two',
    );
  }
  const shape = keptShape(x.shape, axes);
  const factor = 1 / (reduced - (unbiased ? 1 : 0));
  return applyAll(varianceOp, [x], { axes, factor }, [{ shape }, { shape }]) as unknown as readonly [
    Tensor,
    Tensor,
  ];
}

/** Variance along consecutive axes, by default over all elements. See `varianceAndMean`. */
export function variance(x: Tensor, axes?: Axes, options?: { readonly unbiased?: boolean }): Tensor {
  return varianceAndMean(x, axes, options)[0];
}
