import type { Gpu } from '../gpu/device.ts';
import { State } from '../gpu/state.ts';
import { directionalDerivatives } from './directionalDerivatives.ts';
import type { Point } from './pass.ts';
import { WeightedGradients } from './weightedGradient.ts';

/**
 * ⟨gₙ, Σḡ⟩ of every example (unit), Σ with divisor N − 1: Σḡ = Σₙ (⟨gₙ, ḡ⟩ − mean)/(N − 1)·gₙ is one reweighted backward pass,
 * and a forward pass of tangents follows. No per-example gradient is formed.
 * @param dots ⟨gₙ, ḡ⟩ [N]
 * @returns [N]
 */
export async function covarianceDots(gpu: Gpu, point: Point, dots: Float32Array): Promise<Float32Array> {
  const N = dots.length;
  const mean = dots.reduce((sum, dot) => sum + dot, 0) / N;
  const sum = new State(gpu, { label: 'covariance times mean gradient', shape: [point.layout.length] });
  const gradients = await WeightedGradients.open(gpu, point, [sum]);
  try {
    gradients.weights[0]!.write(dots.map((dot) => (dot - mean) / (N - 1)));
    await gradients.run();
    return await directionalDerivatives(gpu, point, await sum.read());
  } finally {
    gradients.dispose();
    sum.dispose();
  }
}
