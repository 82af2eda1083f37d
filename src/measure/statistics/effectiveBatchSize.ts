import { type TwoBatchNoise, twoBatchNoise } from './noiseScale.ts';

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

/** How batches are drawn from N examples. */
export interface FiniteSampling {
  /** N */
  readonly examples: number;
  readonly replacement: boolean;
  /**
   * Without replacement: examples that the batch's epoch has drawn before it, 0 ≤ offset < N. A batch that reaches into the
   * epochs after it has so many parts, each drawn on its own. Left out, a batch is one draw of B ≤ N.
   */
  readonly offset?: number;
}

/**
 * `twoBatchNoise` for batches drawn from N examples, so that |G|² is that of the data set's own mean gradient G_N and tr Σ is tr S, S
 * the sample covariance of its examples, as `measure` has them of the whole file. Without replacement the nominal sizes
 * would give |G_N|² − tr S/N, which goes to zero and below late in training; with it they give |G_N|², and (N − 1)/N of tr S.
 * @param small mean of |G_b|² over the consecutive sub-batches of size b of the whole batch
 * @param big |G_B|² of the whole batch
 * @returns null where the two sizes have the same noise, so that it cannot be told: a batch of whole epochs of one example
 * @throws RangeError unless 0 < b < B, and without an offset B ≤ N
 */
export function finiteDataNoise(
  small: { readonly batchSize: number; readonly normSq: number },
  big: { readonly batchSize: number; readonly normSq: number },
  sampling: FiniteSampling,
): TwoBatchNoise | null {
  if (!(small.batchSize > 0 && small.batchSize < big.batchSize)) {
    throw new RangeError(`batch sizes ${small.batchSize} and ${big.batchSize}, expected 0 < b < B`);
  }
  const at = <T extends { readonly batchSize: number }>(batch: T, inverse: number): T => ({
    ...batch,
    batchSize: 1 / inverse,
  });
  const [ofSmall, ofBig] = inverseSizes(small.batchSize, big.batchSize, sampling);
  return ofSmall > ofBig ? twoBatchNoise(at(small, ofSmall), at(big, ofBig)) : null;
}

/** 1/B′ of the sub-batches, their mean, and of the whole. */
function inverseSizes(
  small: number,
  big: number,
  { examples, replacement, offset }: FiniteSampling,
): [number, number] {
  if (offset === undefined) {
    const inverse = (size: number): number => 1 / effectiveBatchSize(size, examples, { replacement });
    return [inverse(small), inverse(big)];
  }
  const parts = epochParts(offset, big, examples);
  const whole = parts.reduce((sum, part) => sum + (part / big) ** 2, 0);
  // Sub-batches within an epoch have one part; the few that a boundary cuts have more.
  const units = big / small;
  let shares = units;
  const cut = new Set<number>();
  for (let boundary = examples - offset; boundary < big; boundary += examples) {
    const unit = Math.floor(boundary / small);
    if (boundary % small === 0 || cut.has(unit)) continue;
    cut.add(unit);
    const own = epochParts((offset + unit * small) % examples, small, examples);
    shares += own.reduce((sum, part) => sum + (part / small) ** 2, 0) - 1;
  }
  return [1 / small - shares / units / examples, Math.max(0, 1 / big - whole / examples)];
}

/** How many of a batch's examples come from each epoch that it reaches into. */
function epochParts(offset: number, size: number, examples: number): number[] {
  const parts: number[] = [];
  let start = offset;
  for (let left = size; left > 0; start = 0) {
    const part = Math.min(left, examples - start);
    parts.push(part);
    left -= part;
  }
  return parts;
}
