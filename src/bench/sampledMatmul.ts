import { type MatmulForm, matmul } from '../reference/matmul.ts';
import { productScale, sumTolerance } from '../selftest/tolerance.ts';
import type { Expected, Values } from '../selftest/trial.ts';

/** Multiplications up to which every element of a product is compared; a second of float64 loops. */
const WHOLE = 2 ** 27;
/** Rows of a larger product that are compared, in all their columns. */
const ROWS = 64;

/**
 * What a product of operands uniform in [−1, 1] must be: every element, or of a large one rows spread over all of it, the
 * first and the last among them.
 */
export function sampledMatmul(
  form: MatmulForm,
  a: Values,
  b: Values,
  { m, n, k }: { readonly m: number; readonly n: number; readonly k: number },
): Expected {
  const tolerance = sumTolerance(k, productScale(k));
  if (m * n * k <= WHOLE || m <= ROWS) return { values: matmul(form, a, b, { m, n, k }), tolerance };
  const rows = Array.from({ length: ROWS }, (_, i) => Math.round((i * (m - 1)) / (ROWS - 1)));
  const [rowStep, step] = form === 'TN' ? [1, m] : [k, 1];
  const some = Float32Array.from(
    { length: ROWS * k },
    (_, i) => a[rows[Math.floor(i / k)]! * rowStep + (i % k) * step]!,
  );
  const values = matmul(form === 'NT' ? 'NT' : 'NN', some, b, { m: ROWS, n, k });
  const at = Uint32Array.from(values, (_, i) => rows[Math.floor(i / n)]! * n + (i % n));
  return { values, tolerance, at };
}
