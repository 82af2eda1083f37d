/** x + share·r·sign(g), brought back into [−r, r]. */
export function signStep(
  { x, g, r }: Readonly<Record<'x' | 'g' | 'r', ArrayLike<number>>>,
  share: number,
): Float64Array {
  return Float64Array.from(x, (value, e) => {
    const by = g[e]! > 0 ? 1 : g[e]! < 0 ? -1 : 0;
    return Math.max(-r[e]!, Math.min(r[e]!, value + share * r[e]! * by));
  });
}
