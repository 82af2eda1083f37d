import { addPresent } from './add.ts';
import { broadcast, broadcastRows } from './broadcast.ts';
import { channelDot, channelSum } from './channelDot.ts';
import { type ChannelView, expectView } from './channelView.ts';
import { size, type Tensor } from './graph.ts';
import { apply, defineOp, expectShape } from './op.ts';
import { scaling } from './perExample/scaling.ts';
import { planScaleShift } from './plans/normPlan.ts';
import { reshape } from './reshape.ts';

export const scaleShiftOp = defineOp({
  name: 'scaleShift',
  vjp: ({ inputs: [x, w, b], attributes: { view } }, [d]) =>
    d
      ? [
          channelScale(d, w!, view),
          reshape(channelDot(d, x!, view), w!.shape),
          ...(b ? [reshape(channelSum(d, view), b.shape)] : []),
        ]
      : [],
  jvp: ({ inputs: [x, w], attributes: { view } }, [dx, dw, db]) => {
    const shifted = dw ? scaleShift(x!, dw, db ?? null, view) : db ? channelFill(db, x!.shape, view) : null;
    return [addPresent(dx ? channelScale(dx, w!, view) : null, shifted)];
  },
  perExample: ({ inputs: [x, ...parameters], attributes: { view } }, delta, examples) => [
    null,
    ...scaling(x!, delta, view, { examples, parameters }),
  ],
  lower: ({ inputs: [x, w, b], outputs: [z], attributes: { view } }, to) => {
    const call = planScaleShift(view, { affine: 'channel', bias: b !== undefined }, to.target);
    to.dispatch(call, { x: x!, w: w!, z: z!, ...(b ? { b } : {}) });
  },
});

/**
 * z = w[c]·x + b[c], c the channel of each element. x of the view's elements, w and b of one
 * number a channel, b may be null. As a
 * layer, x being the normalised input, it is BatchNorm's and LayerNorm's weight and bias:
 * ∂ℓₙ/∂w[c] = Σ δₙ∘xₙ and ∂ℓₙ/∂b[c] = Σ δₙ over the elements of example n's channel c.
 * @throws if the shapes do not fit.
 */
export function scaleShift(x: Tensor, w: Tensor, b: Tensor | null, view: ChannelView): Tensor {
  expectView('scaleShift', x, view);
  expectShape('scaleShift', 'the weight', [size(w.shape)], [view.channels]);
  if (b) expectShape('scaleShift', 'the bias', [size(b.shape)], [view.channels]);
  return apply(scaleShiftOp, b ? [x, w, b] : [x, w], { view }, { shape: x.shape });
}

/** z = w[c]·x. */
export function channelScale(x: Tensor, w: Tensor, view: ChannelView): Tensor {
  return scaleShift(x, w, null, view);
}

/** b[c] at every element of channel c. */
export function channelFill(b: Tensor, shape: readonly number[], view: ChannelView): Tensor {
  const { outer, channels, inner } = view;
  const each = reshape(b, [channels]);
  const within = inner === 1 ? each : broadcast(each, [channels, inner], { from: 1, to: 2 });
  return reshape(outer === 1 ? within : broadcastRows(within, outer), shape);
}
