/** What an odd integer of `gaussianInteger` is multiplied by for unit variance, as float32 has it. */
export const GAUSSIAN_UNIT = Math.fround(2 ** -17 / Math.sqrt(12 + (1 - 2 ** -32) / 12));

/** Two words of 32 random bits as an odd integer, normal to within 10⁻³ of its distribution function. */
export function gaussianInteger([first, second]: readonly [number, number]): number {
  const count = ones(first) + ones(second & 0xffff) - 24;
  return 2 * (65536 * count + (second >>> 16) - 32768) + 1;
}

function ones(word: number): number {
  let count = 0;
  for (let bit = 0; bit < 32; bit++) count += (word >>> bit) & 1;
  return count;
}

/** A z, row by row, zero where the mask is. @param entry A[e, c] */
export function expand(
  { z, mask }: Readonly<Record<'z' | 'mask', ArrayLike<number>>>,
  entry: (e: number, c: number) => number,
): Float64Array {
  return Float64Array.from(mask, (kept, e) => {
    let sum = 0;
    for (let c = 0; c < z.length; c++) sum += entry(e, c) * z[c]!;
    return sum * kept;
  });
}

/** Aᵀx for so many columns. @param entry A[e, c] */
export function project(
  { x, mask }: Readonly<Record<'x' | 'mask', ArrayLike<number>>>,
  columns: number,
  entry: (e: number, c: number) => number,
): Float64Array {
  return Float64Array.from({ length: columns }, (_, c) => {
    let sum = 0;
    for (let e = 0; e < x.length; e++) sum += entry(e, c) * x[e]! * mask[e]!;
    return sum;
  });
}

/** Rows of A from one on, transposed: [columns, width]. @param entry A[e, c] */
export function columnsBlock(
  mask: ArrayLike<number>,
  { columns, width, from }: { readonly columns: number; readonly width: number; readonly from: number },
  entry: (e: number, c: number) => number,
): Float64Array {
  return Float64Array.from({ length: columns * width }, (_, at) => {
    const e = from + (at % width);
    return e < mask.length ? entry(e, Math.floor(at / width)) * mask[e]! : 0;
  });
}
