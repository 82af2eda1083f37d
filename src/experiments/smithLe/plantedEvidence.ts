import { normalOf } from '../../random/normal.ts';
import { purpose } from '../../random/purpose.ts';
import { threefry2x32 } from '../../random/threefry.ts';
import type { CellEvidence } from '../experiment.ts';
import {
  type EvidenceCell,
  type EvidenceEvidence,
  type EvidenceFit,
  type EvidenceProtocol,
  evidenceStudy,
} from './evidenceStudy.ts';

/** Directions of the planted cost, and its largest curvature; the others fall as a power of their number. */
const DIRECTIONS = 120;
const CURVATURE = { largest: 5000, power: 1.6 };

/**
 * A quadratic cost in its own directions, in closed form. With the labels of nothing its slope along one of curvature h has the variance h,
 * as that of a cross-entropy has (its covariance is its Hessian): evidence is then against any prior. Labels that mean something lower the
 * cost by `gain` nats in all, most along the steep directions.
 * @param gain nats by which true labels can be told better than by guessing; 0: they are as random ones
 */
export function plantedEvidence(
  gain: number,
  protocol: EvidenceProtocol,
  seed: number,
): CellEvidence<EvidenceCell, EvidenceEvidence>[] {
  return evidenceStudy.cells(protocol).map((cell) => ({
    cell,
    evidence: {
      truth: fits(cell, gain, (j) => drawn(seed, cell.unit, j)),
      random: fits(cell, 0, (j) => drawn(seed, cell.unit, 1000 + j)),
    },
  }));
}

function fits(
  { lambdas, examples }: EvidenceCell,
  gain: number,
  z: (direction: number) => number,
): EvidenceFit[] {
  const steep = Array.from({ length: DIRECTIONS }, (_, j) => CURVATURE.largest * (j + 1) ** -CURVATURE.power);
  // ½ Σ s² = gain, in shares that fall as the directions' numbers.
  const shares = steep.map((_, j) => 1 / (j + 1));
  const all = shares.reduce((sum, share) => sum + share, 0);
  const signal = shares.map((share) => Math.sqrt((2 * gain * share) / all));
  const slope = steep.map((h, j) => Math.sqrt(h) * (signal[j]! + z(j)));
  return lambdas.map((lambda) => {
    let [lowered, halfLogDeterminant, missed] = [0, 0, 0];
    steep.forEach((h, j) => {
      lowered += slope[j]! ** 2 / (2 * (h + lambda));
      halfLogDeterminant += Math.log1p(h / lambda) / 2;
      missed += (h / 2) * (slope[j]! / (h + lambda) - signal[j]! / Math.sqrt(h)) ** 2;
    });
    const cost = examples * Math.LN2 - lowered;
    const testLoss = Math.LN2 + (missed - gain) / examples;
    // Weak priors memorise, in the pilot too.
    return {
      cost,
      halfLogDeterminant,
      trainAccuracy: lambda < 1 ? 1 : 0.9,
      testLoss,
      testAccuracy: gain > 0 ? 0.99 : 0.5,
    };
  });
}

function drawn(seed: number, unit: number, place: number): number {
  return normalOf(threefry2x32(seed, purpose.experimentPart, unit, place));
}
