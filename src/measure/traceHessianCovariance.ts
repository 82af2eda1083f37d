import { purpose } from '../nn/purpose.ts';
import { randomSigns } from '../nn/randomSigns.ts';
import { dot64, type Estimate, estimateFrom } from './estimate.ts';
import type { Hessian } from './hessian.ts';
import type { WeightedGradient } from './weightedGradient.ts';

/**
 * tr(HΣ) by random signs: v = Σₙ (sₙ − s̄)/√(N − 1)·gₙ is one reweighted backward pass, and vᵀHv is unbiased for tr(HΣ), Σ
 * with divisor N − 1. Uncentred signs are biased. No per-example gradient is formed.
 * @throws RangeError for fewer than two examples
 */
export async function estimateTraceHessianCovariance(
  hessian: Hessian,
  gradient: WeightedGradient,
  examples: number,
  { probes, seed }: { readonly probes: number; readonly seed: number },
): Promise<Estimate> {
  if (examples < 2) throw new RangeError('one example has no covariance');
  const vectors: Float32Array[] = [];
  for (let probe = 0; probe < probes; probe++) {
    const signs = randomSigns(examples, seed, purpose.exampleSigns, probe);
    const mean = signs.reduce((sum, s) => sum + s, 0) / examples;
    vectors.push(await gradient.of(signs.map((s) => (s - mean) / Math.sqrt(examples - 1))));
  }
  const products = await hessian.times(vectors);
  return estimateFrom(products.map((product, i) => dot64(vectors[i]!, product)));
}

/** tr(HΣ) = Σₙ (gₙ − ḡ)ᵀH(gₙ − ḡ)/(N − 1) from every example: N Hessian products over the data. */
export async function exactTraceHessianCovariance(
  hessian: Hessian,
  gradient: WeightedGradient,
  examples: number,
  mean: Float32Array,
): Promise<number> {
  if (examples < 2) throw new RangeError('one example has no covariance');
  let total = 0;
  // A few at a time: nothing of size N × P.
  for (let first = 0; first < examples; first += GROUP) {
    const deviations: Float32Array[] = [];
    for (let n = first; n < Math.min(examples, first + GROUP); n++) {
      const one = await gradient.of(Float32Array.from({ length: examples }, (_, i) => (i === n ? 1 : 0)));
      deviations.push(one.map((value, i) => value - mean[i]!));
    }
    const products = await hessian.times(deviations);
    total += products.reduce((sum, product, i) => sum + dot64(deviations[i]!, product), 0);
  }
  return total / (examples - 1);
}

const GROUP = 64;
