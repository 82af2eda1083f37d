import { dot64 } from '../statistics/dot64.ts';

/** A vector in host memory, in float32 or float64. */
export type Flat = Float32Array | Float64Array;

/** |a| in float64. */
export function normOf(a: Flat): number {
  return Math.sqrt(dot64(a, a));
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
