import { addPresent } from './add.ts';
import { type ChannelView, expectView } from './channelView.ts';
import { sameShape, showShape, type Tensor } from './graph.ts';
import { apply, defineOp } from './op.ts';
import { reshape } from './reshape.ts';
import { channelScale } from './scaleShift.ts';
import { collapse, lowerSum } from './sum.ts';

const channelDotOp = defineOp({
  name: 'channelDot',
  vjp: ({ inputs: [x, y], attributes: { view } }, [d]) =>
    d ? [channelScale(y!, d, view), channelScale(x!, d, view)] : [],
  jvp: ({ inputs: [x, y], attributes: { view } }, [dx, dy]) => [
    addPresent(dx ? channelDot(dx, y!, view) : null, dy ? channelDot(x!, dy, view) : null),
  ],
  lower: ({ inputs: [x, y], outputs: [z], attributes }, to) => {
    const { outer, channels, inner }: ChannelView = attributes.view;
    if (inner === 1) return lowerSum(to, { outer: 1, reduced: outer, inner: channels }, x!, y!, z!);
    // Within each example first, where a channel has several places; then over the examples.
    const within = { outer: outer * channels, reduced: inner, inner: 1 };
    if (outer === 1) return lowerSum(to, within, x!, y!, z!);
    const each = to.scratch([outer * channels], z!.replicated);
    lowerSum(to, within, x!, y!, each);
    lowerSum(to, { outer: 1, reduced: outer, inner: channels }, each, null, z!);
  },
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

/** z[c] = Σ x over all elements of channel c. */
export function channelSum(x: Tensor, { outer, channels, inner }: ChannelView): Tensor {
  return collapse(collapse(reshape(x, [outer, channels, inner]), 2), 0);
}
