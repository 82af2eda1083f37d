/** S(B) = S_min(1 + B_crit/B): steps to a loss at a batch size (McCandlish et al. 2018, equation 2.11). */
export interface Hyperbola {
  readonly least: number;
  readonly critical: number;
}

export function stepsAt({ least, critical }: Hyperbola, batchSize: number): number {
  return least * (1 + critical / batchSize);
}

/** Places between two powers of ten at which B_crit is tried. */
const PER_DECADE = 200;

/**
 * The hyperbola through steps at several batch sizes, by least squares of their logarithms: for each B_crit of a fine grid, S_min is their mean
 * difference, and the best of them is taken.
 */
export function fitHyperbola(
  of: readonly { readonly batchSize: number; readonly steps: number }[],
): Hyperbola {
  const sizes = of.map(({ batchSize }) => batchSize);
  const [from, to] = [Math.log10(Math.min(...sizes)) - 3, Math.log10(Math.max(...sizes)) + 3];
  let best: Hyperbola | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i <= (to - from) * PER_DECADE; i++) {
    const critical = 10 ** (from + i / PER_DECADE);
    const rests = of.map(({ batchSize, steps }) => Math.log(steps) - Math.log1p(critical / batchSize));
    const mean = rests.reduce((sum, rest) => sum + rest, 0) / rests.length;
    const squares = rests.reduce((sum, rest) => sum + (rest - mean) ** 2, 0);
    if (squares >= least) continue;
    least = squares;
    best = { least: Math.exp(mean), critical };
  }
  return best!;
}
