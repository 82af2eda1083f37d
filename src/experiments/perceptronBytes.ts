/** Inputs, and images for testing, of Fashion-MNIST at 14 × 14: what costs are reckoned by before data are read. */
export const PIXELS = 196;
export const TESTED = 10_000;

/** Vectors of Lanczos's basis, when one eigenvalue is searched. */
const BASIS = 148;

/** Examples of an evaluation that are on the device at once. */
const MICRO_BATCH = 1000;

/**
 * What runs of a perceptron take of GPU memory, at the most, in bytes of float32: all examples, those of testing too; by replica weights,
 * gradient, two moments and what a product with the Hessian adds, and what its layers give for a batch, forward and backward;
 * and the basis of Lanczos's process.
 * @param widths of inputs, hidden layers and outputs
 */
export function perceptronBytes({
  widths,
  examples,
  replicas,
  batchSize = 0,
}: {
  readonly widths: readonly number[];
  readonly examples: number;
  readonly replicas: number;
  readonly batchSize?: number;
}): number {
  const parameters = widths.slice(1).reduce((sum, width, i) => sum + (widths[i]! + 1) * width, 0);
  const given = Math.max(MICRO_BATCH, batchSize) * widths.reduce((sum, width) => sum + width, 0);
  return 4 * (examples * widths[0]! + replicas * (6 * parameters + 2 * given) + BASIS * parameters);
}
