/** Uniform in [from, to), by xorshift32. */
export function uniform(length: number, seed: number, from: number, to: number): Float32Array {
  let state = Math.imul(seed, 2_654_435_761) >>> 0;
  return Float32Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    // 24 bits, so that rounding to float32 does not reach `to`.
    return from + (to - from) * ((state >>> 8) / 2 ** 24);
  });
}
