/**
 * Radii of Keskar's box, r = ε(|x| + 1) (Keskar et al. 2017, §2.2.2), rounded to float32 towards zero: what lies within them on the device
 * lies in the box.
 * @param x θ, or A⁺θ in a random subspace
 */
export function boxRadii(x: ArrayLike<number>, epsilon: number): Float32Array {
  return Float32Array.from(x, (value) => floor32(epsilon * (Math.abs(value) + 1)));
}

/** The largest number of float32 that is not above a positive one. */
function floor32(value: number): number {
  const rounded = Math.fround(value);
  if (rounded <= value) return rounded;
  const words = new Uint32Array(Float32Array.of(rounded).buffer);
  words[0]!--;
  return new Float32Array(words.buffer)[0]!;
}
