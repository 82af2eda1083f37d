/**
 * An image [channels, height, width], flipped left for right where asked for, then moved down and to the right by whole pixels:
 * zeros come in.
 */
export function shiftImage(
  image: ArrayLike<number>,
  [channels, height, width]: readonly [number, number, number],
  { flipped, down, right }: { readonly flipped: boolean; readonly down: number; readonly right: number },
): Float64Array {
  const shifted = new Float64Array(channels * height * width);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        const [row, column] = [i + down, j + right];
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        const from = flipped ? width - 1 - j : j;
        shifted[(c * height + row) * width + column] = image[(c * height + i) * width + from] as number;
      }
    }
  }
  return shifted;
}
