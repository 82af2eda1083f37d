import { normal } from '../../random/normal.ts';
import type { CellEvidence, Truth } from '../experiment.ts';
import {
  type InCoordinates,
  RAY,
  type RescalingCell,
  type RescalingEvidence,
  type RescalingProtocol,
  rescalingStudy,
} from './rescalingStudy.ts';

/**
 * A network of two weights, f(w₁, w₂) = ½(w₁w₂ − 1)² near w₁w₂ = 1, in closed form, in place of trained ones. `effect`: one weight is
 * multiplied by the factor and the other divided. `null`: by 1, so that nothing is in other coordinates. Scatter as of float32.
 */
export function plantRescaling(
  truth: Truth,
  protocol: RescalingProtocol,
  seed: number,
): readonly CellEvidence<RescalingCell, RescalingEvidence>[] {
  return rescalingStudy.cells(protocol).map((cell, u) => {
    let drawn = 0;
    const draw = (): number => normal(seed, 2, u, drawn++);
    const w1 = 3 * Math.exp(0.2 * draw());
    const w2 = (1.1 + 0.01 * draw()) / w1;
    const accuracy = 0.8 + 0.02 * draw();
    const at = (factor: number): InCoordinates =>
      twoWeights(w1 * factor, w2 / factor, cell, accuracy, () => 1 + 1e-6 * draw());
    const factor = truth === 'effect' ? protocol.factor : 1;
    return { cell, evidence: { found: { trained: at(1), rescaled: at(factor), reversed: at(1) } } };
  });
}

function twoWeights(
  w1: number,
  w2: number,
  { epsilon, rho, eta }: RescalingCell,
  accuracy: number,
  rounding: () => number,
): InCoordinates {
  const loss = (a: number, b: number): number => (a * b - 1) ** 2 / 2;
  const residual = w1 * w2 - 1;
  const [a, b, c] = [w2 * w2, w1 * w1, w1 * w2 + residual];
  const radii = [epsilon * (w1 + 1), epsilon * (w2 + 1)] as const;
  const corners = [-1, 1].flatMap((s) => [-1, 1].map((t) => loss(w1 + s * radii[0], w2 + t * radii[1])));
  const adaptive = (offset: number): number => {
    const t = [w1 + offset, w2 + offset] as const;
    const g = [residual * w2, residual * w1] as const;
    const norm = Math.hypot(t[0] * g[0], t[1] * g[1]);
    const step = (i: 0 | 1): number => (rho * t[i] ** 2 * g[i]) / norm;
    return loss(w1 + step(0), w2 + step(1)) - loss(w1, w2);
  };
  return {
    loss: loss(w1, w2),
    accuracy,
    lambdaMax: ((a + b) / 2 + Math.hypot((a - b) / 2, c)) * rounding(),
    phi: ((100 * (Math.max(...corners) - loss(w1, w2))) / (1 + loss(w1, w2))) * rounding(),
    adaptive: adaptive(0) * rounding(),
    adaptiveEta: adaptive(eta) * rounding(),
    ray: Array.from({ length: RAY.points }, (_, i) => {
      const t = (RAY.radius * i) / (RAY.points - 1);
      return loss(w1 * (1 + t), w2 * (1 - t / 2)) * rounding();
    }),
  };
}
