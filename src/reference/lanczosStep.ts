/** (y − (f/s)·p)/√s − √s·q/√t; without q and t where there is no vector before. */
export function lanczosStep(
  {
    y,
    p,
    q,
  }: Readonly<Record<'y' | 'p', ArrayLike<number>>> & { readonly q?: ArrayLike<number> | undefined },
  { f, s, t = 1 }: Readonly<Record<'f' | 's', number>> & { readonly t?: number | undefined },
): Float64Array {
  return Float64Array.from(y, (value, e) => {
    const left = (value - (f / s) * p[e]!) / Math.sqrt(s);
    return q ? left - (Math.sqrt(s) * q[e]!) / Math.sqrt(t) : left;
  });
}
