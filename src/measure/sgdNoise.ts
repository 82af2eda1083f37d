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

/** ε/B, proportional to the temperature ε/ε_max(B) where B ≪ B_noise (McCandlish et al. 2018, appendix C). */
export function temperature(lr: number, batchSize: number): number {
  return lr / batchSize;
}
