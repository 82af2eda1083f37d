/** Settings of one step; `step` counts from 0. */
export interface AdamStep {
  readonly step: number;
  readonly rate: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  /** AdamW's weight decay, of the weights themselves. */
  readonly decoupled: boolean;
}

/** θ and the moments, each [P]; `maxExpAvgSq` for amsgrad alone. */
export interface AdamVectors<T extends ArrayLike<number> = ArrayLike<number>> {
  readonly theta: T;
  readonly expAvg: T;
  readonly expAvgSq: T;
  readonly maxExpAvgSq?: T | undefined;
}

/**
 * One step t = step + 1 of torch.optim.Adam or AdamW in float64: d = g + weightDecay·θ, decoupled d = g and θ ← (1 − rate·weightDecay)θ;
 * m ← β₁m + (1 − β₁)d; v ← β₂v + (1 − β₂)d²; w = v, with amsgrad w ← max(w, v);
 * θ ← θ − rate/(1 − β₁ᵗ)·m/(√w/√(1 − β₂ᵗ) + eps).
 */
export function adam(
  { theta, expAvg, expAvgSq, maxExpAvgSq }: AdamVectors,
  gradient: ArrayLike<number>,
  { step, rate, betas: [beta1, beta2], eps, weightDecay, decoupled }: AdamStep,
): AdamVectors<Float64Array> {
  const next = {
    theta: Float64Array.from(theta),
    expAvg: Float64Array.from(expAvg),
    expAvgSq: Float64Array.from(expAvgSq),
    maxExpAvgSq: maxExpAvgSq && Float64Array.from(maxExpAvgSq),
  };
  const first = correction(beta1, step + 1);
  const second = correction(beta2, step + 1);
  for (let i = 0; i < theta.length; i++) {
    const value = theta[i] as number;
    const d = (gradient[i] as number) + (decoupled ? 0 : weightDecay * value);
    const m = beta1 * (expAvg[i] as number) + (1 - beta1) * d;
    const v = beta2 * (expAvgSq[i] as number) + (1 - beta2) * d * d;
    const w = maxExpAvgSq ? Math.max(maxExpAvgSq[i] as number, v) : v;
    next.expAvg[i] = m;
    next.expAvgSq[i] = v;
    if (next.maxExpAvgSq) next.maxExpAvgSq[i] = w;
    const decayed = decoupled ? value - rate * weightDecay * value : value;
    next.theta[i] = decayed - ((rate / first) * m) / (Math.sqrt(w) / Math.sqrt(second) + eps);
  }
  return next;
}

/** 1 − βᵗ */
function correction(beta: number, t: number): number {
  return -Math.expm1(t * Math.log(beta));
}
