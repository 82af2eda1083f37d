/**
 * The number with fewest digits that float32 rounds to the same: 0.02 for 0.019999999552965164. What a user gave in decimals
 * and the device holds in float32 is shown as it was given.
 */
export function shortestFloat32(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}
