import { addPresent } from './add.ts';
import { channelDot, channelSum } from './channelDot.ts';
import { type ChannelView, expectView } from './channelView.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { apply, defineOp, expectShape } from './op.ts';
import { planScaleShift } from './plans/normPlan.ts';
import { reciprocal } from './reciprocal.ts';
import { scale } from './scale.ts';
import { channelFill, channelScale } from './scaleShift.ts';

export const standardizeOp = defineOp({
  name: 'standardize',
  vjp: ({ inputs: [, , s], outputs: [y], attributes: { view } }, [d]) =>
    d
      ? [
          channelScale(d, s!, view),
          scale(multiply(s!, channelSum(d, view)), -1),
          multiply(channelDot(d, y!, view), reciprocal(s!)),
        ]
      : [],
  jvp: ({ inputs: [, , s], outputs: [y], attributes: { view } }, [dx, dMean, ds]) => [
    addPresent(
      dx ? channelScale(dx, s!, view) : null,
      dMean ? channelFill(scale(multiply(s!, dMean), -1), y!.shape, view) : null,
      ds ? channelScale(y!, multiply(ds, reciprocal(s!)), view) : null,
    ),
  ],
  lower: ({ inputs: [x, mean, s], outputs: [y], attributes: { view } }, to) => {
    const call = planScaleShift(view, { standardize: true }, to.target);
    to.dispatch(call, { x: x!, mean: mean!, scale: s!, y: y! });
  },
});

/**
 * y = (x − mean[c])·s[c], c the channel of each element: what BatchNorm does with its running statistics. The difference
 * is taken first, so that a mean far from 0 costs no digits.
 * @throws if the shapes do not fit.
 */
export function standardize(x: Tensor, mean: Tensor, s: Tensor, view: ChannelView): Tensor {
  expectView('standardize', x, view);
  expectShape('standardize', 'the mean', mean.shape, [view.channels]);
  expectShape('standardize', 'the scale', s.shape, [view.channels]);
  return apply(standardizeOp, [x, mean, s], { view }, { shape: x.shape });
}
