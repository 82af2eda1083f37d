import { type GradientNoise, twoBatchNoise } from './noiseScale.ts';

/**
 * The B′ for which Cov G_B = S/B′, S the sample covariance (divisor N − 1) of the N examples that batches of B are drawn
 * from, so that E|G_B|² = |G_N|² + tr S/B′ holds for a finite set as McCandlish et al. 2018, appendix A.1, has it for a
 * distribution (from the definitions; a test counts every batch):
 *
 * - without replacement 1/B′ = 1/B − 1/N: the whole set has no noise, B′ = ∞;
 * - with replacement 1/B′ = (N − 1)/(N B), since one draw's covariance has divisor N.
 *
 * @throws RangeError unless B and N are positive, and B ≤ N without replacement
 */
export function effectiveBatchSize(
  batchSize: number,
  examples: number,
  { replacement }: { readonly replacement: boolean },
): number {
  if (!(batchSize > 0 && examples > 0)) {
    throw new RangeError(`a batch of ${batchSize} from ${examples} examples, expected more than 0 of both`);
  }
  if (replacement) return (examples * batchSize) / (examples - 1);
  if (batchSize > examples) {
    throw new RangeError(`a batch of ${batchSize} from ${examples} examples without replacement`);
  }
  return 1 / (1 / batchSize - 1 / examples);
}

/**
 * `twoBatchNoise` for batches that are drawn without replacement, so that |G|² is that of the data set's own gradient.
 * At the nominal sizes it would be |G_N|² − tr S/N, an estimate of the distribution's, which goes to zero and below late
 * in training; tr Σ is tr S either way.
 * @throws RangeError unless 0 < b < B ≤ N
 */
export function finiteDataNoise(
  small: { readonly batchSize: number; readonly normSq: number },
  big: { readonly batchSize: number; readonly normSq: number },
  examples: number,
): GradientNoise {
  const at = <T extends { readonly batchSize: number }>(batch: T): T => ({
    ...batch,
    batchSize: effectiveBatchSize(batch.batchSize, examples, { replacement: false }),
  });
  return twoBatchNoise(at(small), at(big));
}
