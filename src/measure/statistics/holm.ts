/**
 * p-values adjusted for their number (Holm 1979): the k-th smallest of n times n − k + 1, none smaller than the one before and
 * none above 1. Below α it is rejected with all of them wrong at most once in 1/α families.
 * @param values a claim's p each; null where there is none, which counts for none
 */
export function holm(values: readonly (number | null)[]): (number | null)[] {
  const order = values
    .flatMap((p, i) => (p === null ? [] : [{ p, i }]))
    .sort((a, b) => a.p - b.p || a.i - b.i);
  const adjusted: (number | null)[] = values.map(() => null);
  let least = 0;
  for (const [k, { p, i }] of order.entries()) {
    least = Math.max(least, Math.min(1, (order.length - k) * p));
    adjusted[i] = least;
  }
  return adjusted;
}
