import type { Gpu } from '../../gpu/device.ts';
import { type Point, unitsOf } from '../pass.ts';
import { gradientSignalToNoise, type SignalToNoise } from '../statistics/gradientSignalToNoise.ts';
import { jackknife } from '../statistics/jackknife.ts';
import type { GradientMoments } from './gradientMoments.ts';
import { leaveGroupsOut } from './leaveGroupsOut.ts';

/** Standard errors of the mean over the coordinates of ḡ_d²/Σ_dd, and of it without bias. */
export interface MeanRatioErrors {
  readonly mean: number | null;
  /** Also of the evidence, over N. */
  readonly meanUnbiased: number | null;
}

/**
 * Errors of the mean ratio of single coordinates by leaving out one group of examples after the other. Where all is noise
 * they are too large, by about √2.
 * @param moments of all of them
 * @returns nulls for fewer than three examples, and for fewer than five of the one without bias
 */
export async function meanRatioErrors(
  gpu: Gpu,
  point: Point,
  moments: Pick<GradientMoments, 'mean' | 'centredSquares'>,
): Promise<MeanRatioErrors> {
  if (unitsOf(point) < 3) return { mean: null, meanUnbiased: null };
  const left: { found: SignalToNoise; examples: number }[] = [];
  for await (const others of leaveGroupsOut(gpu, point, moments)) {
    left.push({ found: gradientSignalToNoise(point.layout, others), examples: others.examples });
  }
  return {
    // Less 1/N, which is more for the fewer that are left.
    mean: jackknife(left.map(({ found, examples }) => found.mean - 1 / examples)),
    meanUnbiased: jackknife(left.map(({ found }) => found.meanUnbiased ?? Number.NaN)),
  };
}
