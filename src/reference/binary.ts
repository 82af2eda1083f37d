/** Functions of shaders/elementwise/binary.wgsl in float64; in a backward, y is the activation's output; a cross-entropy's x is a logit. */
export const binary: Readonly<Record<string, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  subtract: (x, y) => x - y,
  multiply: (x, y) => x * y,
  reluBackward: (x, y) => (y > 0 ? x : 0),
  tanhBackward: (x, y) => x * (1 - y * y),
  sigmoidBackward: (x, y) => x * y * (1 - y),
  divide: (x, y) => x / y,
  binaryCrossEntropy: (x, y) => Math.abs(x) * (x >= 0 ? 1 - y : y) + Math.log1p(Math.exp(-Math.abs(x))),
};
