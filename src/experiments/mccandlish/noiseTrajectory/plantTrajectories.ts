import { normal } from '../../../random/normal.ts';
import type { NoiseAt } from '../noiseAt.ts';
import type { Trajectories } from './readTrajectories.ts';
import {
  type NoiseTrajectoryCell,
  type NoiseTrajectoryProtocol,
  noiseTrajectory,
  type TrajectoryPoint,
} from './study.ts';

/** A law of the noise scale, whatever its causes. */
export interface PlantedLaw {
  /** B_simple of a cell's run at the share L/L₀ of its first loss. */
  readonly noise: (cell: NoiseTrajectoryCell, share: number) => number;
  /** Of log B_simple over the units, by run. */
  readonly scatter: number;
}

/** L₀ of ten classes. */
const FIRST_LOSS = Math.log(10);
/** What a run that is not held up comes to, as a share of L₀. */
const LAST_SHARE = 0.08;
/** GᵀΣG/(|G|² tr Σ) and (tr Σ)²/tr Σ²: |ḡ|² of n examples has the variance 4GᵀΣG/n + 2 tr Σ²/n². */
const [ALONG, EFFECTIVE_DIMENSIONS] = [0.2, 12];

/**
 * Runs whose loss falls as a power of their steps and whose noise scale is a law of the loss: tr Σ stays, |G|² is what the law asks for, and
 * each look has the errors that so many examples leave.
 */
export function plantTrajectories(
  protocol: NoiseTrajectoryProtocol,
  seed: number,
  { noise, scatter }: PlantedLaw,
): Trajectories {
  return noiseTrajectory.cells(protocol).map((cell, c) => {
    const own = scatter * normal(seed, 211, cell.unit, c);
    const still = cell.arm === 'still';
    const steps = Array.from({ length: 30 }, (_, i) => Math.round(cell.steps ** ((i + 1) / 30)));
    const points = [...new Set(steps)].map((step, i): TrajectoryPoint => {
      const share = still ? 1 : LAST_SHARE ** (Math.log(step) / Math.log(cell.steps));
      const B = noise(cell, share) * Math.exp(own);
      const at = (examples: number, stream: number): NoiseAt => {
        const relative = Math.sqrt(
          (4 * ALONG * B) / examples + (2 / EFFECTIVE_DIMENSIONS) * (B / examples) ** 2,
        );
        const signal = 1 / B;
        const gradNormSq = Math.max(
          1e-9,
          signal * (1 + relative * normal(seed, stream, 64 * c + i, 1)) + 1 / examples,
        );
        return {
          loss: share * FIRST_LOSS,
          examples,
          gradNormSq,
          traceCovariance: 1,
          resolved: relative < 0.5,
        };
      };
      return {
        step,
        train: { ...at(cell.examples, 212), gradNormSq: (cell.examples - 1) / cell.examples / B },
        fresh: at(cell.fresh, 213),
      };
    });
    return { cell, evidence: { points } };
  });
}
