import { showShape } from '../host/showShape.ts';
import { add, addPresent } from './add.ts';
import { channelDot, channelSum } from './channelDot.ts';
import { type ChannelView, expectView, perChannel } from './channelView.ts';
import { sameShape, type Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { lowerNormalizeTangent } from './normLowering.ts';
import { apply, defineOp, expectShape } from './op.ts';
import { reciprocal } from './reciprocal.ts';
import { scale } from './scale.ts';
import { channelScale } from './scaleShift.ts';

/** −s·(c·mean(d∘y) + d·mean(c∘y)): what y's cotangent or tangent adds, given d and what multiplies y. */
function ofNormalized(c: Tensor, d: Tensor, y: Tensor, s: Tensor, view: ChannelView): Tensor {
  const along = (v: Tensor): Tensor => multiply(s, scale(channelDot(v, y, view), -1 / perChannel(view)));
  return add(channelScale(c, along(d), view), channelScale(d, along(c), view));
}

/** −s·(dy·mean(d∘y) + y·mean(d∘dy)). */
function byNormalized(d: Tensor, y: Tensor, dy: Tensor, s: Tensor, view: ChannelView): Tensor {
  const along = (v: Tensor): Tensor => multiply(s, scale(channelDot(d, v, view), -1 / perChannel(view)));
  return add(channelScale(dy, along(y), view), channelScale(y, along(dy), view));
}

export const normalizeTangentOp = defineOp({
  name: 'normalizeTangent',
  vjp: ({ inputs: [d, y, s], outputs: [dx], attributes: { view } }, [c]) =>
    c
      ? [
          normalizeTangent(c, y!, s!, view),
          ofNormalized(c, d!, y!, s!, view),
          multiply(channelDot(c, dx!, view), reciprocal(s!)),
        ]
      : [],
  jvp: ({ inputs: [d, y, s], outputs: [dx], attributes: { view } }, [dd, dy, ds]) => [
    addPresent(
      dd ? normalizeTangent(dd, y!, s!, view) : null,
      dy ? byNormalized(d!, y!, dy, s!, view) : null,
      ds ? channelScale(dx!, multiply(ds, reciprocal(s!)), view) : null,
    ),
  ],
  lower: ({ inputs: [d, y, s], outputs: [dx], attributes: { view } }, to) => {
    lowerNormalizeTangent(to, view, { d: d!, y: y!, scale: s!, dx: dx! });
  },
});

/**
 * s·(d − mean(d) − y·mean(d∘y)), means over each channel: how y = normalize(x) changes with x. It is its own transpose
 * in d, so it takes tangents forward and cotangents back. d and y of the view's elements, s [channels].
 * @throws if the shapes do not fit.
 */
export function normalizeTangent(d: Tensor, y: Tensor, s: Tensor, view: ChannelView): Tensor {
  expectView('normalizeTangent', d, view);
  expectShape('normalizeTangent', 'the scale', s.shape, [view.channels]);
  if (!sameShape(d.shape, y.shape)) {
    throw new Error(`normalizeTangent: ${showShape(d.shape)} and ${showShape(y.shape)} differ`);
  }
  return apply(normalizeTangentOp, [d, y, s], { view }, { shape: d.shape });
}

/** Σ over a channel, divided by its elements. */
export function channelMean(x: Tensor, view: ChannelView): Tensor {
  return scale(channelSum(x, view), 1 / perChannel(view));
}
