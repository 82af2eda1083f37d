import { type MatmulForm, matmul } from '../reference/matmul.ts';
import { productScale, sumTolerance } from '../selftest/tolerance.ts';
import type { Expected, Values } from '../selftest/trial.ts';

/** Multiplications up to which every element of a product is compared; a second of float64 loops. */
const WHOLE = 2 ** 27;
/** Rows of a larger product that are compared, in all their columns: as many as that allows, between these. */
const ROWS = { least: 8, most: 31 };

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
  const count = Math.min(ROWS.most, Math.max(ROWS.least, Math.floor(WHOLE / (n * k))));
  if (m * n * k <= WHOLE || m <= count) return { values: matmul(form, a, b, { m, n, k }), tolerance };
  const rows = Array.from({ length: count }, (_, i) => Math.round((i * (m - 1)) / (count - 1)));
  const [rowStep, step] = form === 'TN' ? [1, m] : [k, 1];
  const some = Float32Array.from(
    { length: count * k },
    (_, i) => a[rows[Math.floor(i / k)]! * rowStep + (i % k) * step]!,
  );
  const values = matmul(form === 'NT' ? 'NT' : 'NN', some, b, { m: count, n, k });
  const at = Uint32Array.from(values, (_, i) => rows[Math.floor(i / n)]! * n + (i % n));
  return { values, tolerance, at };
}
