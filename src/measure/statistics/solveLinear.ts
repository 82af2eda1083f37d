/**
 * X of A X = B in float64, by Gaussian elimination with partial pivoting.
 * @param matrix A [n, n], row-major
 * @param rightSides B [n, k], row-major: k right sides beside one another
 * @returns X [n, k]; null where a pivot is zero, so that A is singular
 */
export function solveLinear(
  matrix: ArrayLike<number>,
  rightSides: ArrayLike<number>,
  n: number,
): Float64Array | null {
  const a = Float64Array.from(matrix);
  const x = Float64Array.from(rightSides);
  const k = x.length / n;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(a[row * n + column]!) > Math.abs(a[pivot * n + column]!)) pivot = row;
    }
    if (a[pivot * n + column] === 0) return null;
    if (pivot !== column) {
      swapRows(a, pivot, column, n);
      swapRows(x, pivot, column, k);
    }
    for (let row = column + 1; row < n; row++) {
      const factor = a[row * n + column]! / a[column * n + column]!;
      if (factor === 0) continue;
      for (let j = column; j < n; j++) a[row * n + j]! -= factor * a[column * n + j]!;
      for (let j = 0; j < k; j++) x[row * k + j]! -= factor * x[column * k + j]!;
    }
  }
  for (let row = n - 1; row >= 0; row--) {
    for (let j = 0; j < k; j++) {
      let value = x[row * k + j]!;
      for (let later = row + 1; later < n; later++) value -= a[row * n + later]! * x[later * k + j]!;
      x[row * k + j] = value / a[row * n + row]!;
    }
  }
  return x;
}

function swapRows(values: Float64Array, i: number, j: number, width: number): void {
  const row = values.slice(i * width, (i + 1) * width);
  values.copyWithin(i * width, j * width, (j + 1) * width);
  values.set(row, j * width);
}
