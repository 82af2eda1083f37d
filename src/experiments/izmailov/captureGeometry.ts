import { difference, normOf } from '../../measure/landscape/flatGeometry.ts';
import { dot64 } from '../../measure/statistics/dot64.ts';
import type { Geometry } from './swaEvidence.ts';

/** The mean of several weights, in float64. */
export function meanOf(weights: readonly ArrayLike<number>[]): Float64Array {
  const sum = new Float64Array(weights[0]!.length);
  for (const each of weights) for (let i = 0; i < sum.length; i++) sum[i]! += each[i]!;
  return sum.map((value) => value / weights.length);
}

/**
 * How captures lie about their mean: their distances from it, and the cosines of consecutive deviations. Of n captures whose deviations
 * are alike in length the cosines of all pairs come to −1/(n − 1) on average whatever they are, since deviations from a mean add up to 0:
 * that of consecutive ones tells by how much more neighbours are alike.
 * @param captures at least two, in their order
 */
export function captureGeometry(captures: readonly Float32Array[]): Geometry {
  const mean = meanOf(captures);
  const deviations = captures.map((weights) => difference(Float64Array.from(weights), mean));
  const distances = deviations.map((each) => normOf(each));
  const cosines = deviations
    .slice(1)
    .map((each, i) => dot64(each, deviations[i]!) / (distances[i]! * distances[i + 1]!));
  return { distances, cosines, norm: normOf(mean) };
}
