/** Unit roundoff of float32: an operation errs by at most U times its result. */
export const U = 2 ** -24;

/**
 * Error allowed to a sum of `terms` terms whose partial sums are about `scale` large: each addition errs by at most
 * U·scale, with random signs. Four standard deviations, and four roundings of the result.
 */
export function sumTolerance(terms: number, scale: number): number {
  return 4 * U * Math.sqrt(terms) * scale + 4 * U * scale;
}

/** Size of a partial sum of `terms` products of two numbers uniform in [−1, 1]: a random walk of steps of 1/3. */
export function productScale(terms: number): number {
  return Math.max(1, Math.sqrt(terms) / 3);
}

/** Error of eˣ relative to it, for |x| ≤ `largest`: WGSL allows 3 + 2|x| units in the last place, of 2U each. */
export function expError(largest: number): number {
  return 2 * U * (3 + 2 * largest);
}
