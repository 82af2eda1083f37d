import { type Branch, smoothedLoss } from '../../measure/statistics/branchedCriticalBatch.ts';
import { normal } from '../../random/normal.ts';
import type { CriticalBatchProtocol } from './protocol.ts';

/** Curvature of the planted quadratic: the loss falls to a half in a window of 6,144 examples at B = 8, ε = 0.025. */
const CURVATURE = 0.02;
/** Its noise scale, at every θ. */
const NOISE_SCALE = 64;
/** Of the losses of an order of examples, alike in all branches. */
const SCATTER = 0.01;

/**
 * Branches on a quadratic whose noise scale is the same everywhere: each example's gradient is (h + s·ξ)θ with ξ of unit variance, so
 * that Σ grows with |θ|² as |G|² does and B_noise = s²/h². There is no critical batch size that could rise. In expectation
 * |θ|² is ((1 − ε)² + ε²s²/B)-fold after a step, at ε in units of 1/h.
 * @param loss at the snapshot
 */
export function plantedBranches(
  { batchSize, lr, factors, window, seeds, seed }: CriticalBatchProtocol,
  loss: number,
): Branch[] {
  const halfLife = batchSize * factors.at(-1)!;
  return factors.map((factor) => {
    const [B, step] = [factor * batchSize, factor * lr * CURVATURE];
    const fold = (1 - step) ** 2 + (step ** 2 * NOISE_SCALE) / B;
    const losses = Array.from({ length: window / B }, (_, i) => loss * fold ** i);
    const smoothed = smoothedLoss(losses, B, halfLife);
    return {
      factor,
      losses: Array.from({ length: seeds }, (_, s) => smoothed * (1 + SCATTER * normal(seed, 79, s, 0))),
    };
  });
}
