/**
 * x where `after` > share·`before`, else numbers in [−1, 1) made of the upper 24 bits of given words, times the mask.
 * @param words two for each pair of elements
 */
export function restart(
  { x, before, after, mask }: Readonly<Record<'x' | 'before' | 'after' | 'mask', ArrayLike<number>>>,
  share: number,
  words: (pair: number) => readonly [number, number],
): Float64Array {
  if (after[0]! > share * before[0]!) return Float64Array.from(x);
  return Float64Array.from(x, (_, e) => ((words(e >> 1)[e & 1]! >>> 8) * 2 ** -23 - 1) * mask[e]!);
}
