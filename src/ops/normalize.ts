import { addPresent } from './add.ts';
import { channelDot } from './channelDot.ts';
import { type ChannelView, expectView, perChannel } from './channelView.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { channelMean, normalizeTangent } from './normalizeTangent.ts';
import { lowerNormalize } from './normLowering.ts';
import { applyAll, defineOp } from './op.ts';
import { reciprocal } from './reciprocal.ts';
import { scale } from './scale.ts';
import { channelFill, channelScale } from './scaleShift.ts';
import { square } from './square.ts';

/** What `normalize` makes of a tensor. */
export interface Normalized {
  /** (x − mean)·s, in the shape of x. */
  readonly y: Tensor;
  /** [channels]; the variance is the biased one. */
  readonly mean: Tensor;
  readonly variance: Tensor;
  /** 1/√(variance + eps), [channels]. */
  readonly s: Tensor;
}

export const normalizeOp = defineOp({
  name: 'normalize',
  // mean′ = mean(dx); variance′ = 2·mean(dx∘y)/s; s′ = −s²·mean(dx∘y), since x − mean = y/s.
  vjp: ({ outputs: [y, , , s], attributes: { view } }, [d, dMean, dVariance, ds]) => {
    const n = perChannel(view);
    const alongY = addPresent(
      dVariance ? scale(multiply(dVariance, reciprocal(s!)), 2 / n) : null,
      ds ? scale(multiply(ds, square(s!)), -1 / n) : null,
    );
    return [
      addPresent(
        d ? normalizeTangent(d, y!, s!, view) : null,
        dMean ? channelFill(scale(dMean, 1 / n), y!.shape, view) : null,
        alongY ? channelScale(y!, alongY, view) : null,
      ),
    ];
  },
  jvp: ({ outputs: [y, , , s], attributes: { view } }, [dx]) => {
    if (!dx) return [null, null, null, null];
    const along = scale(channelDot(dx, y!, view), 1 / perChannel(view));
    return [
      normalizeTangent(dx, y!, s!, view),
      channelMean(dx, view),
      scale(multiply(along, reciprocal(s!)), 2),
      scale(multiply(along, square(s!)), -1),
    ];
  },
  lower: ({ inputs: [x], outputs: [y, mean, variance, s], attributes: { view, eps } }, to) => {
    lowerNormalize(to, view, eps, { x: x!, y: y!, mean: mean!, variance: variance!, scale: s! });
  },
});

/**
 * y = (x − mean)/√(variance + eps) over each channel's elements: with channels on axis 1 BatchNorm's normalisation (Ioffe
 * & Szegedy 2015), with rows for channels LayerNorm's (Ba et al. 2016).
 * @throws if the view has not the elements of x.
 */
export function normalize(x: Tensor, view: ChannelView, eps: number): Normalized {
  expectView('normalize', x, view);
  const statistic = { shape: [view.channels] };
  const [y, mean, variance, s] = applyAll(normalizeOp, [x], { view, eps }, [
    { shape: x.shape },
    statistic,
    statistic,
    statistic,
  ]) as [Tensor, Tensor, Tensor, Tensor];
  return { y, mean, variance, s };
}
