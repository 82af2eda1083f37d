/** Settings of one step; `step` counts from 0, and the first has no momentum buffer yet. */
export interface SgdStep {
  readonly step: number;
  readonly rate: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
}

/**
 * One step of torch.optim.SGD in float64: d = g + weightDecay·θ; v ← d on the first step, else momentum·v +
 * (1 − dampening)·d; d ← d + momentum·v (Nesterov) or v (momentum ≠ 0); θ ← θ − rate·d. Without momentum v stays.
 */
export function sgd(
  theta: ArrayLike<number>,
  velocity: ArrayLike<number>,
  gradient: ArrayLike<number>,
  { step, rate, momentum, dampening, weightDecay, nesterov }: SgdStep,
): { theta: Float64Array; velocity: Float64Array } {
  const next = { theta: Float64Array.from(theta), velocity: Float64Array.from(velocity) };
  for (let i = 0; i < theta.length; i++) {
    let d = (gradient[i] as number) + weightDecay * (theta[i] as number);
    if (momentum !== 0) {
      const v = step === 0 ? d : momentum * (velocity[i] as number) + (1 - dampening) * d;
      next.velocity[i] = v;
      d = nesterov ? d + momentum * v : v;
    }
    next.theta[i] = (theta[i] as number) - rate * d;
  }
  return next;
}
