/**
 * A statistic of n units, by unit: n·s − (n − 1)·s₋ᵤ, s₋ᵤ that of all units but u (Tukey 1958). What one unit alone tells badly, such as
 * where a curve has its peak or a ratio of means, is plain in the mean of many; the mean of these and Student's interval are those of s.
 * @param of the statistic of some units, by their places; null where they do not tell
 * @returns null for all where that is null, and for a unit without which it is
 */
export function pseudovalues(
  units: number,
  of: (kept: readonly number[]) => number | null,
): (number | null)[] {
  const all = Array.from({ length: units }, (_, u) => u);
  const whole = of(all);
  return all.map((u) => {
    const rest = of(all.filter((other) => other !== u));
    return whole === null || rest === null ? null : units * whole - (units - 1) * rest;
  });
}
