/** Which operands are read transposed: C = A·B, A·Bᵀ or Aᵀ·B. */
export type MatmulForm = 'NN' | 'NT' | 'TN';

/**
 * C [m, n] = op(A)·op(B) in float64, row-major. NN: A [m, k], B [k, n]. NT: A [m, k], B [n, k]. TN: A [k, m], B [k, n].
 */
export function matmul(
  form: MatmulForm,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { m, n, k }: { m: number; n: number; k: number },
): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) {
        const x = a[form === 'TN' ? l * m + i : i * k + l] as number;
        const y = b[form === 'NT' ? j * k + l : l * n + j] as number;
        sum += x * y;
      }
      c[i * n + j] = sum;
    }
  }
  return c;
}

/** Sum over the rows of A [k, m], one a column, in float64: the bias gradient of a layer whose output gradient is A. */
export function columnSums(a: ArrayLike<number>, { k, m }: { k: number; m: number }): Float64Array {
  const sums = new Float64Array(m);
  for (let l = 0; l < k; l++)
    for (let i = 0; i < m; i++) sums[i] = (sums[i] as number) + (a[l * m + i] as number);
  return sums;
}
