import { purpose } from '../../random/purpose.ts';
import { threefry2x32, uniform01 } from '../../random/threefry.ts';

/** By what a step's gradient is weighed over all N examples: Σ wₙgₙ. */
export interface WeightsOf {
  /** N. */
  readonly examples: number;
  /** B, whose noise it is. */
  readonly batchSize: number;
  /** Of the draws. */
  readonly seed: number;
}

/** 1/N each: the gradient of the whole data. */
export function wholeWeights({ examples }: WeightsOf): Float32Array {
  return new Float32Array(examples).fill(1 / examples);
}

/** Of a mini-batch of B examples, drawn with replacement: how often each is in it, over B. @param draw counted from 0 */
export function batchWeights({ examples, batchSize, seed }: WeightsOf, draw: number): Float32Array {
  const weights = new Float32Array(examples);
  for (let place = 0; place < batchSize; place++) {
    const [bits] = threefry2x32(seed, purpose.iid, draw, place);
    weights[Math.floor(uniform01(bits) * examples)]! += 1 / batchSize;
  }
  return weights;
}

/**
 * Of a noise of a mini-batch's covariance without any batch: (sₙ − s̄)/√(NB) with independent signs sₙ = ±1. Σ wₙgₙ has mean 0 and
 * covariance (1/B)·(1/N)Σ(gₙ − ḡ)(gₙ − ḡ)ᵀ, which is that of the mean gradient of B examples drawn with replacement, by one backward pass.
 */
export function signWeights({ examples, batchSize, seed }: WeightsOf, draw: number): Float32Array {
  const weights = new Float32Array(examples);
  let sum = 0;
  let bits = 0;
  for (let n = 0; n < examples; n++) {
    if (n % 32 === 0) {
      const words = threefry2x32(seed, purpose.exampleSigns, n >>> 6, draw);
      bits = words[(n >>> 5) % 2]!;
    }
    const sign = (bits >>> (n % 32)) % 2 === 0 ? 1 : -1;
    weights[n] = sign;
    sum += sign;
  }
  const scale = 1 / Math.sqrt(examples * batchSize);
  return weights.map((sign) => (sign - sum / examples) * scale);
}

/**
 * Of a step of SVAG (Li, Malladi & Arora 2021): two mini-batches weighed by (1 ± √(2l − 1))/2, whose mean is one batch's and whose covariance is l times
 * as large. With ε/l and l times as many steps the noise of a stretch of time is the same, and nearer to a normal one.
 */
export function svagWeights(of: WeightsOf, draw: number, l: number): Float32Array {
  const [first, second] = [batchWeights(of, 2 * draw), batchWeights(of, 2 * draw + 1)];
  const root = Math.sqrt(2 * l - 1);
  return first.map((weight, n) => ((1 + root) * weight + (1 - root) * second[n]!) / 2);
}
