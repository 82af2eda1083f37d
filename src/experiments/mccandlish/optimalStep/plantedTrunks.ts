import { optimalRate } from '../../../measure/statistics/localModel.ts';
import { measuredRates } from '../../../measure/statistics/measuredRates.ts';
import { normal } from '../../../random/normal.ts';
import type { SampledPoint } from './frozenPoint.ts';
import type { OptimalStepProtocol } from './protocol.ts';

/** What of the protocol planted trunks have. */
type PlantedProtocol = Pick<
  OptimalStepProtocol,
  'batchSizes' | 'draws' | 'grid' | 'checkpoints' | 'trunks' | 'seed'
>;

/** How planted line searches differ from the claim's model. */
export interface Planted {
  /** ε_opt(B) ∝ Bᵖ, as large as the model's at B = 128: no hyperbola. */
  readonly exponent?: number;
  /** A cubic part of ΔL, as a share of its curvature at the optimum. */
  readonly cubic?: number;
}

/** Trunks of the protocol's size whose frozen points are quadratics, so that the predictions are exact; or, if asked for, are not. */
export function plantedTrunks(protocol: PlantedProtocol, as: Planted = {}): SampledPoint[][] {
  return Array.from({ length: protocol.trunks }, (_, t) =>
    protocol.checkpoints.map((_, s) => frozenQuadratic(protocol, protocol.trunks * protocol.seed + t, s, as)),
  );
}

/**
 * Line searches on a quadratic with curvatures h and gradient G, each mini-batch's gradient normal with variance s/B in
 * every coordinate: ΔL = −ε G·g + (ε²/2) Σ h g², the model exact. Frozen points differ in how steep G is along the curved
 * directions, so that their constants do; trunks a little.
 */
function frozenQuadratic(
  { batchSizes, draws, grid, checkpoints }: PlantedProtocol,
  seed: number,
  s: number,
  { exponent, cubic = 0 }: Planted,
): SampledPoint {
  const dims = 6;
  const h = Array.from({ length: dims }, (_, d) => 4 / (1 + d) ** 2);
  const G = Array.from(
    { length: dims },
    (_, d) => (1 + 0.1 * normal(seed, 77, s, d)) * (d < 2 ? 2 ** -s : 0.5),
  );
  const variance = h.map((value) => 12 * value + 1);
  const sum = (f: (d: number) => number): number => h.reduce((total, _, d) => total + f(d), 0);
  const local = {
    gradNormSq: sum((d) => G[d]! ** 2),
    gHg: sum((d) => h[d]! * G[d]! ** 2),
    traceHessianCovariance: sum((d) => h[d]! * variance[d]!),
  };
  // tr(HΣ) as its random signs would have it.
  const relative = 0.08;
  const traceHessianCovariance = local.traceHessianCovariance * (1 + relative * normal(seed, 78, s, 0));
  return {
    step: checkpoints[s]!,
    loss: 1,
    local: { ...local, traceHessianCovariance },
    traceHessianCovarianceStderr: relative * traceHessianCovariance,
    traceCovariance: sum((d) => variance[d]!),
    rows: batchSizes.map((batchSize) => {
      const best = optimalRate(local, batchSize)!;
      const rates = grid.map((factor) => factor * best);
      const power = (optimalRate(local, 128)! * (batchSize / 128) ** (exponent ?? 0)) / best;
      const stretch = exponent === undefined ? 1 : power;
      const samples = {
        batchSize,
        rates,
        draws: Array.from({ length: draws }, (_, k) => {
          let [slope, curvature] = [0, 0];
          for (let d = 0; d < dims; d++) {
            const g = G[d]! + Math.sqrt(variance[d]! / batchSize) * normal(1000 * seed + s, batchSize, k, d);
            slope += G[d]! * g;
            curvature += h[d]! * g ** 2;
          }
          return rates.map((rate) => {
            const at = rate / stretch;
            const third = (cubic * curvature * at ** 3) / best / 3;
            return -at * slope + (at ** 2 / 2) * curvature + third;
          });
        }),
      };
      return { ...measuredRates(samples), ...samples };
    }),
  };
}
