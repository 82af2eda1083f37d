/**
 * Counts of g[n, l, k] = delta[n, l]·x[n, k] in `bins` bins from `from` on, `perWidth` = bins over the range, in rows of
 * the parameter's own bins; the last count is of what is no finite number. In float32, as kernels have it: a product or a
 * difference that is exact there has one answer.
 */
export function histogram(
  x: ArrayLike<number>,
  delta: ArrayLike<number>,
  w: ArrayLike<number> | null,
  { batch, outputs, inputs }: { batch: number; outputs: number; inputs: number },
  gradient: { from: number; to: number; count: number },
  parameter: { from: number; to: number; count: number } = { from: 0, to: 1, count: 1 },
): Float64Array {
  const place = (value: number, { from, to, count }: { from: number; to: number; count: number }): number => {
    const at = Math.fround(Math.fround(value - Math.fround(from)) * Math.fround(count / (to - from)));
    return Math.trunc(Math.min(Math.max(at, 0), count - 1));
  };
  const counts = new Float64Array(gradient.count * parameter.count + 1);
  for (let p = 0; p < outputs * inputs; p++) {
    const value = w ? (w[p] as number) : 0;
    const row = w && Number.isFinite(value) ? place(value, parameter) * gradient.count : 0;
    for (let n = 0; n < batch; n++) {
      const l = Math.floor(p / inputs);
      const g = Math.fround((delta[n * outputs + l] as number) * (x[n * inputs + (p % inputs)] as number));
      const known = Number.isFinite(value) && Number.isFinite(g);
      counts[known ? row + place(g, gradient) : counts.length - 1]!++;
    }
  }
  return counts;
}
