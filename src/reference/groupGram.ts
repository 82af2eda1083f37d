/**
 * Inner products of the rows within each group of `size` consecutive ones, in float64: x [groups·size, features] →
 * [groups, size, size].
 */
export function groupGram(
  x: ArrayLike<number>,
  { groups, size, features }: { groups: number; size: number; features: number },
): Float64Array {
  const gram = new Float64Array(groups * size * size);
  for (let s = 0; s < groups; s++) {
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let product = 0;
        for (let k = 0; k < features; k++) {
          product +=
            (x[(s * size + i) * features + k] as number) * (x[(s * size + j) * features + k] as number);
        }
        gram[(s * size + i) * size + j] = product;
      }
    }
  }
  return gram;
}
