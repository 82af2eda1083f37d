/** A tensor as [outer, channels, inner], reduced over outer and inner. */
export interface Channels {
  outer: number;
  channels: number;
  inner: number;
}

const channelOf = (at: number, { channels, inner }: Channels): number => Math.floor(at / inner) % channels;

function channelSums(view: Channels, term: (at: number, channel: number) => number): Float64Array {
  const sums = new Float64Array(view.channels);
  for (let at = 0; at < view.outer * view.channels * view.inner; at++) {
    const channel = channelOf(at, view);
    sums[channel]! += term(at, channel);
  }
  return sums;
}

/** (x − mean)/√(variance + eps) over each channel, and those statistics; the variance is biased and centred. */
export function normalize(x: ArrayLike<number>, view: Channels, eps: number) {
  const count = view.outer * view.inner;
  const mean = channelSums(view, (at) => x[at]!).map((sum) => sum / count);
  const variance = channelSums(view, (at, c) => (x[at]! - mean[c]!) ** 2).map((sum) => sum / count);
  const scale = variance.map((v) => 1 / Math.sqrt(v + eps));
  const y = Float64Array.from(x, (value, at) => {
    const c = channelOf(at, view);
    return (value - mean[c]!) * scale[c]!;
  });
  return { y, mean, variance, scale };
}

/** scale·(d − mean(d) − y·mean(d∘y)) over each channel, and the sums Σd and Σd∘y. */
export function normalizeTangent(
  d: ArrayLike<number>,
  y: ArrayLike<number>,
  scale: ArrayLike<number>,
  view: Channels,
) {
  const count = view.outer * view.inner;
  const sums = channelSums(view, (at) => d[at]!);
  const products = channelSums(view, (at) => d[at]! * y[at]!);
  const dx = Float64Array.from(d, (value, at) => {
    const c = channelOf(at, view);
    return scale[c]! * (value - sums[c]! / count - (y[at]! * products[c]!) / count);
  });
  return { dx, sums, products };
}

/** w[c]·x + b[c]. */
export function scaleShift(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  b: ArrayLike<number> | null,
  view: Channels,
): Float64Array {
  return Float64Array.from(x, (value, at) => {
    const c = channelOf(at, view);
    return w[c]! * value + (b ? b[c]! : 0);
  });
}

/** Σ x∘y over each channel. */
export function channelDot(x: ArrayLike<number>, y: ArrayLike<number>, view: Channels): Float64Array {
  return channelSums(view, (at) => x[at]! * y[at]!);
}

/** Running statistics after a batch, as torch's BatchNorm: the share of the batch is `momentum`, or 1/count if null. */
export function updateRunning(
  running: ArrayLike<number>,
  batch: ArrayLike<number>,
  momentum: number | null,
  count: number,
): Float64Array {
  const share = momentum ?? 1 / count;
  return Float64Array.from(running, (value, c) => (1 - share) * value + share * batch[c]!);
}
