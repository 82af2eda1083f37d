import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import type { Point } from '../pass.ts';
import { directionalDerivatives } from './directionalDerivatives.ts';
import { WeightedGradients } from './weightedGradient.ts';

/**
 * ⟨gₙ, Σḡ⟩ of every example (unit), Σ with divisor N − 1: Σḡ = Σₙ (⟨gₙ, ḡ⟩ − mean)/(N − 1)·gₙ is one reweighted backward pass,
 * and a forward pass of tangents follows. No per-example gradient is formed.
 * @param dots ⟨gₙ, ḡ⟩ [N]
 * @returns [N]
 */
export function covarianceDots(gpu: Gpu, point: Point, dots: Float32Array): Promise<Float32Array> {
  const N = dots.length;
  const mean = dots.reduce((sum, dot) => sum + dot, 0) / N;
  return Scope.within(async (scope) => {
    const { length } = point.layout;
    const sum = scope.own(new State(gpu, { label: 'covariance times mean gradient', shape: [length] }));
    const gradients = scope.own(await WeightedGradients.open(gpu, point, [sum]));
    gradients.weights[0]!.write(dots.map((dot) => (dot - mean) / (N - 1)));
    await gradients.run();
    return directionalDerivatives(gpu, point, await sum.read());
  });
}
