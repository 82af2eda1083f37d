import { showShape } from '../host/showShape.ts';
import { addPresent } from './add.ts';
import { type ChannelView, expectView } from './channelView.ts';
import { sameShape, type Tensor } from './graph.ts';
import { apply, defineOp, type Lowering } from './op.ts';
import { channelFill, channelScale } from './scaleShift.ts';
import { lowerSum } from './sum.ts';

/** Dispatches a sum by channel, of x or of x∘y: within each example where a channel has several places, then over them. */
function lowerChannelSum(to: Lowering, view: ChannelView, x: Tensor, y: Tensor | null, z: Tensor): void {
  const { outer, channels, inner } = view;
  const across = { outer: 1, reduced: outer, inner: channels };
  const within = { outer: outer * channels, reduced: inner, inner: 1 };
  if (inner === 1) lowerSum(to, across, x, y, z);
  else if (outer === 1) lowerSum(to, within, x, y, z);
  else {
    const each = to.scratch([outer * channels], z.replicated);
    lowerSum(to, within, x, y, each);
    lowerSum(to, across, each, null, z);
  }
}

export const channelDotOp = defineOp({
  name: 'channelDot',
  vjp: ({ inputs: [x, y], attributes: { view } }, [d]) =>
    d ? [channelScale(y!, d, view), channelScale(x!, d, view)] : [],
  jvp: ({ inputs: [x, y], attributes: { view } }, [dx, dy]) => [
    addPresent(dx ? channelDot(dx, y!, view) : null, dy ? channelDot(x!, dy, view) : null),
  ],
  lower: ({ inputs: [x, y], outputs: [z], attributes: { view } }, to) =>
    lowerChannelSum(to, view, x!, y!, z!),
});

/**
 * z[c] = Σ x∘y over all elements of channel c.
 * @throws if the shapes differ or are not the view's.
 */
export function channelDot(x: Tensor, y: Tensor, view: ChannelView): Tensor {
  expectView('channelDot', x, view);
  if (!sameShape(x.shape, y.shape)) {
    throw new Error(`channelDot: ${showShape(x.shape)} and ${showShape(y.shape)} differ`);
  }
  return apply(channelDotOp, [x, y], { view }, { shape: [view.channels] });
}

export const channelSumOp = defineOp({
  name: 'channelSum',
  vjp: ({ inputs: [x], attributes: { view } }, [d]) => [d ? channelFill(d, x!.shape, view) : null],
  jvp: ({ attributes: { view } }, [dx]) => [dx ? channelSum(dx, view) : null],
  lower: ({ inputs: [x], outputs: [z], attributes: { view } }, to) => lowerChannelSum(to, view, x!, null, z!),
});

/** z[c] = Σ x over all elements of channel c. */
export function channelSum(x: Tensor, view: ChannelView): Tensor {
  expectView('channelSum', x, view);
  return apply(channelSumOp, [x], { view }, { shape: [view.channels] });
}
