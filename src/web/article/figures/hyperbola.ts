/** S = S_min(1 + B_crit/B): the law of McCandlish et al. 2018 for the steps S at batch size B. */
export interface Hyperbola {
  /** S_min, in steps. */
  readonly steps: number;
  /** B_crit, in examples. */
  readonly critical: number;
}

/** The law through points, by least squares of log S; undefined for fewer than three. */
export function hyperbolaThrough(
  points: readonly { readonly batch: number; readonly steps: number }[],
): Hyperbola | undefined {
  if (points.length < 3) return undefined;
  // For a given B_crit the best S_min is a mean of logarithms: one unknown is left, looked for over its whole range.
  let found: (Hyperbola & { readonly misfit: number }) | undefined;
  for (let critical = 1; critical <= 10_000; critical *= 1.01) {
    const logs = points.map(({ batch, steps }) => Math.log(steps / (1 + critical / batch)));
    const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
    const misfit = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    if (!found || misfit < found.misfit) found = { steps: Math.exp(mean), critical, misfit };
  }
  return found && { steps: found.steps, critical: found.critical };
}
