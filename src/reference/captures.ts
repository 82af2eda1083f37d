/** The ring after capture n (from 0) of θ, which goes into slot n mod slots. */
export function capture(theta: ArrayLike<number>, ring: ArrayLike<number>, n: number): Float64Array {
  const next = Float64Array.from(ring);
  const slots = ring.length / theta.length;
  next.set(Array.from(theta), (n % slots) * theta.length);
  return next;
}

/** The mean of the captures in a ring [slots, elements] after capture n (from 0), in float64. */
export function captureMean(ring: ArrayLike<number>, elements: number, n: number): Float64Array {
  const captures = Math.min(ring.length / elements, n + 1);
  return Float64Array.from({ length: elements }, (_, i) => {
    let sum = 0;
    for (let slot = 0; slot < captures; slot++) sum += ring[slot * elements + i] as number;
    return sum / captures;
  });
}
