/** Largest eigenvalue and its unit eigenvector, by bisection and then the three-term recurrence from both ends. */
export function tridiagonalTop(
  diagonal: ArrayLike<number>,
  beside: ArrayLike<number>,
): { value: number; vector: Float64Array } {
  const rows = diagonal.length;
  const off = (i: number): number => (i < 0 || i >= rows - 1 ? 0 : beside[i]!);
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < rows; i++) {
    low = Math.max(low, diagonal[i]!);
    high = Math.max(high, diagonal[i]! + Math.abs(off(i - 1)) + Math.abs(off(i)));
  }
  // All pivots of λ − T are positive above the largest eigenvalue, and only there.
  const isAbove = (value: number): boolean => {
    let pivot = 1;
    for (let i = 0; i < rows; i++) {
      pivot = value - diagonal[i]! - (i === 0 ? 0 : off(i - 1) ** 2 / pivot);
      if (!(pivot > 0)) return false;
    }
    return true;
  };
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (isAbove(middle)) high = middle;
    else low = middle;
  }
  const vector = new Float64Array(rows).fill(1);
  // Two steps of inverse iteration just above the value: λ − T is positive definite there.
  const shift = high + 1e-14 * Math.max(1e-300, Math.abs(high));
  for (let step = 0; step < 3; step++) {
    const pivots = new Float64Array(rows);
    for (let i = 0; i < rows; i++) {
      const before = i === 0 ? 0 : off(i - 1) / pivots[i - 1]!;
      pivots[i] = Math.max(shift - diagonal[i]! - before * off(i - 1), 1e-300);
      if (i > 0) vector[i]! += before * vector[i - 1]!;
    }
    for (let i = rows - 1; i >= 0; i--) {
      vector[i] = (vector[i]! + (i + 1 < rows ? off(i) * vector[i + 1]! : 0)) / pivots[i]!;
    }
    const norm = Math.hypot(...vector) * (vector[0]! < 0 ? -1 : 1);
    for (let i = 0; i < rows; i++) vector[i]! /= norm;
  }
  return { value: high, vector };
}
