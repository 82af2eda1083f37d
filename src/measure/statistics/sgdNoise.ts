/**
 * SGD's noise scale g = ε(N/B − 1)/(1 − m) (Smith & Le 2018; with momentum Smith et al. 2018): how strongly
 * the noise of batches without replacement shakes the weights. Zero for the whole data set.
 */
export function sgdNoiseScale({
  lr,
  batchSize,
  examples,
  momentum = 0,
}: {
  readonly lr: number;
  readonly batchSize: number;
  readonly examples: number;
  readonly momentum?: number;
}): number {
  return (lr * (examples / batchSize - 1)) / (1 - momentum);
}

/**
 * ε/(B(1 − m)), or with dampening d ε(1 − d)/(B(1 − m)): proportional to the temperature ε/ε_max(B) where B ≪ B_noise (McCandlish
 * et al. 2018, appendix C, for m = 0). A gradient moves the weights by ε(1 − d)(1 + m + m² + …) in all, so that momentum
 * acts as a rate larger by 1/(1 − m) (Smith et al. 2018). ∞ for m ≥ 1, where nothing is forgotten.
 */
export function temperature({
  lr,
  batchSize,
  momentum = 0,
  dampening = 0,
}: {
  readonly lr: number;
  readonly batchSize: number;
  readonly momentum?: number;
  readonly dampening?: number;
}): number {
  if (momentum >= 1) return Number.POSITIVE_INFINITY;
  // Without a momentum buffer there is nothing to dampen, as in torch.optim.SGD.
  const share = momentum === 0 ? 1 : 1 - dampening;
  return (lr * share) / (batchSize * (1 - momentum));
}
