/** A vector in host memory, in float32 or float64. */
export type Flat = Float32Array | Float64Array;

/** Σ aᵢbᵢ in float64. */
export function dotOf(a: Flat, b: Flat): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** |a| in float64. */
export function normOf(a: Flat): number {
  return Math.sqrt(dotOf(a, a));
}

/** a − b in float64. */
export function difference(a: Flat, b: Flat): Float64Array {
  return Float64Array.from(a, (value, i) => value - b[i]!);
}

/** |a − b| in float64. */
export function distanceBetween(a: Flat, b: Flat): number {
  return normOf(difference(a, b));
}

/** Takes c·b out of a, in place. */
export function subtractMultiple(a: Float64Array, c: number, b: Flat): void {
  for (let i = 0; i < a.length; i++) a[i]! -= c * b[i]!;
}

/** a/c in float64. */
export function divided(a: Flat, c: number): Float64Array {
  return Float64Array.from(a, (value) => value / c);
}
