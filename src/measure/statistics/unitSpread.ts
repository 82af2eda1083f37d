/**
 * How the gradients g_u of U units (examples, or sub-batches of as many examples each) lie about their mean ḡ, as sums of
 * squares and products of two numbers a unit: q_u = |g_u − ḡ|² and d_u = ⟨g_u, ḡ⟩.
 */
export interface UnitSpread {
  /** Σ(q_u − q̄)² */
  readonly squares: number;
  /** Σ(q_u − q̄)(d_u − d̄) */
  readonly products: number;
  /** Σ(d_u − d̄)² */
  readonly dots: number;
}

/** The spread from |g_u|² and ⟨g_u, ḡ⟩ of every unit; |g_u − ḡ|² is |g_u|² − 2⟨g_u, ḡ⟩ but for a constant. */
export function unitSpread(norms: ArrayLike<number>, dots: ArrayLike<number>): UnitSpread {
  const away = centred(Array.from(norms, (norm, u) => norm - 2 * dots[u]!));
  const along = centred(Array.from(dots));
  const product = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, u) => sum + value * b[u]!, 0);
  return { squares: product(away, away), products: product(away, along), dots: product(along, along) };
}

function centred(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}
