/**
 * Exponential running mean over about `span` values, free of the bias of its start: Σβᵏx / Σβᵏ with β = 1 − 1/span.
 * Gaps stay gaps and have no weight.
 */
export function smooth(values: readonly (number | null)[], span: number): (number | null)[] {
  const keep = 1 - 1 / span;
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = keep * sum + value;
    weight = keep * weight + 1;
    return sum / weight;
  });
}
