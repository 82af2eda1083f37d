/** x[p] + factor·Σ_i c[i]·V[i, p] in float64. x [P] or null for 0, V [k, P], c [k] → [P]. */
export function combine(
  x: ArrayLike<number> | null,
  rows: ArrayLike<number>,
  c: ArrayLike<number>,
  factor: number,
): Float64Array {
  const length = rows.length / c.length;
  return Float64Array.from({ length }, (_, p) => {
    let total = 0;
    for (let i = 0; i < c.length; i++) total += (c[i] as number) * (rows[i * length + p] as number);
    return (x ? (x[p] as number) : 0) + factor * total;
  });
}

/** Σ_p V[i, p]·w[p] in float64. V [k, P], w [P] → [k]. */
export function dots(rows: ArrayLike<number>, w: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: rows.length / w.length }, (_, i) => {
    let total = 0;
    for (let p = 0; p < w.length; p++) total += (rows[i * w.length + p] as number) * (w[p] as number);
    return total;
  });
}
