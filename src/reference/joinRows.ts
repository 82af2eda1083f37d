/** The rows of several arrays side by side, `groups` of them. */
export function joinRows(parts: readonly ArrayLike<number>[], groups: number): Float64Array {
  const stride = parts.reduce((sum, part) => sum + part.length, 0) / groups;
  const joined = new Float64Array(groups * stride);
  let start = 0;
  for (const part of parts) {
    const width = part.length / groups;
    for (let g = 0; g < groups; g++) {
      for (let i = 0; i < width; i++) joined[g * stride + start + i] = part[g * width + i] as number;
    }
    start += width;
  }
  return joined;
}
