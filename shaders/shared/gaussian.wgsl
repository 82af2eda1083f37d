// gaussian: normal numbers from integers alone, so that they are the same on every adapter: no logarithm, sine or root, which differ.
// The count of 48 random bits is binomial, of mean 24 and variance 12 (de Moivre's approximation of the normal distribution), and 16 more
// spread it evenly between two counts. As odd multiples of 2⁻¹⁷, exact in float32. Its distribution function is within 10⁻³ of the
// normal one; its excess kurtosis is −0.041. Host twin: src/reference/subspace.ts.

import package::shared::threefry::threefry;

// 2⁻¹⁷/√(12 + 1/12): a multiple of it has unit variance.
const GAUSSIAN_UNIT: f32 = 2.194808757849387e-06;

// An odd integer, to be multiplied by GAUSSIAN_UNIT: after a sum, so that nothing is rounded before it.
fn gaussianInteger(key: vec2u, counter: vec2u) -> f32 {
  let words = threefry(key, counter);
  let count = i32(countOneBits(words.x) + countOneBits(words.y & 0xffffu)) - 24;
  let between = i32(words.y >> 16u) - 32768;
  return f32(2 * (65536 * count + between) + 1);
}
