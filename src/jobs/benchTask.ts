import type { MlpProblem } from '../reference/mlpTraining.ts';

/** What every implementation is given: the batch with one-hot labels too, weights as [in, out]. */
export interface BenchTask extends MlpProblem {
  readonly x: Float32Array;
  /** The same values as bytes: x = bytes/255. */
  readonly bytes: Uint8Array;
  readonly labels: Uint32Array;
  /** One-hot, [batch, classes]. */
  readonly y: Float32Array;
  readonly w1: Float32Array;
  readonly b1: Float32Array;
  readonly w2: Float32Array;
  readonly b2: Float32Array;
}

/** Steps between two readings of the loss. */
export const STEPS = 20;
/** Batch sizes that are timed. */
export const BATCHES = [64, 512];

/** One training step of a 784-128-10 perceptron on a batch that stays on the device; the same bits on each call. */
export function benchTask(batch: number): BenchTask {
  const [inputs, hidden, classes, rate] = [784, 128, 10, 0.1];
  const bytes = Uint8Array.from(uniform(batch * inputs, 1, 0, 256));
  const labels = Uint32Array.from(uniform(batch, 2, 0, classes));
  const y = new Float32Array(batch * classes);
  labels.forEach((label, n) => {
    y[n * classes + label] = 1;
  });
  const [s1, s2] = [Math.sqrt(6 / inputs), Math.sqrt(6 / hidden)];
  return {
    batch,
    inputs,
    hidden,
    classes,
    rate,
    x: Float32Array.from(bytes, (value) => value / 255),
    bytes,
    labels,
    y,
    w1: uniform(inputs * hidden, 3, -s1, s1),
    b1: uniform(hidden, 4, -0.1, 0.1),
    w2: uniform(hidden * classes, 5, -s2, s2),
    b2: uniform(classes, 6, -0.1, 0.1),
  };
}

/** Uniform in [from, to), by xorshift32. */
function uniform(length: number, seed: number, from: number, to: number): Float32Array {
  let state = Math.imul(seed, 2_654_435_761) >>> 0;
  return Float32Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    // 24 bits, so that rounding to float32 does not reach `to`.
    return from + (to - from) * ((state >>> 8) / 2 ** 24);
  });
}
