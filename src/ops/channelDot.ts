import { addPresent } from './add.ts';
import { type ChannelView, expectView } from './channelView.ts';
import { sameShape, showShape, type Tensor } from './graph.ts';
import { apply, defineOp, type Operand } from './op.ts';
import { planSum } from './plans/sumPlan.ts';
import { reshape } from './reshape.ts';
import { channelScale } from './scaleShift.ts';
import { collapse } from './sum.ts';

const channelDotOp = defineOp({
  name: 'channelDot',
  vjp: ({ inputs: [x, y], attributes: { view } }, [d]) =>
    d ? [channelScale(y!, d, view), channelScale(x!, d, view)] : [],
  jvp: ({ inputs: [x, y], attributes: { view } }, [dx, dy]) => [
    addPresent(dx ? channelDot(dx, y!, view) : null, dy ? channelDot(x!, dy, view) : null),
  ],
  lower: ({ inputs: [x, y], outputs: [z], attributes }, to) => {
    const { outer, channels, inner }: ChannelView = attributes.view;
    const terms = x === y ? 'square' : 'product';
    // Within each example first, where a channel has several places; then over the examples.
    const passes =
      inner === 1
        ? planSum({ outer: 1, reduced: outer, inner: channels }, terms)
        : [
            ...planSum({ outer: outer * channels, reduced: inner, inner: 1 }, terms),
            ...(outer === 1 ? [] : planSum({ outer: 1, reduced: outer, inner: channels })),
          ];
    let from: Operand = x!;
    passes.forEach(({ call }, i) => {
      const { outer: o, chunks, inner: n } = call.params as Record<'outer' | 'chunks' | 'inner', number>;
      const target: Operand = i === passes.length - 1 ? z! : to.scratch([o, chunks, n], z!.replicated);
      to.dispatch(call, i === 0 && x !== y ? { x: from, w: y!, y: target } : { x: from, y: target });
      from = target;
    });
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
