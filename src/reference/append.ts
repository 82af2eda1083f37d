/** y with x written over it from `offset` on. */
export function append(y: ArrayLike<number>, x: ArrayLike<number>, offset: number): Float64Array {
  const next = Float64Array.from(y);
  for (let i = 0; i < x.length; i++) next[offset + i] = x[i] as number;
  return next;
}
