/** The rows of several arrays [groups·nᵢ, width], group by group; transposed, the columns of each group. */
export function joinRows(
  parts: readonly ArrayLike<number>[],
  { groups, width, transposed }: { groups: number; width: number; transposed: boolean },
): Float64Array {
  const all = parts.reduce((sum, part) => sum + part.length, 0) / (groups * width);
  const joined = new Float64Array(groups * all * width);
  let start = 0;
  for (const part of parts) {
    const rows = part.length / (groups * width);
    for (let g = 0; g < groups; g++) {
      for (let t = 0; t < rows; t++) {
        for (let k = 0; k < width; k++) {
          const at = transposed ? k * all + start + t : (start + t) * width + k;
          joined[g * all * width + at] = part[(g * rows + t) * width + k] as number;
        }
      }
    }
    start += rows;
  }
  return joined;
}
