import { studentIntervals } from '../../measure/statistics/studentIntervals.ts';
import type { CellEvidence } from '../experiment.ts';
import type { FigurePoint } from '../figure.ts';
import type { SolutionValues } from './solutions.ts';
import type { SwaEvidence } from './swaEvidence.ts';
import type { SwaCell } from './swaStudy.ts';

/** Units of the study, measured or planted. */
export type SwaUnits = readonly CellEvidence<SwaCell, SwaEvidence>[];

/** A number of each unit. */
export function ofUnits(found: SwaUnits, number: (evidence: SwaEvidence) => number): number[] {
  return found.map(({ evidence }) => number(evidence));
}

/** Points of a hundred. */
export function pointsOf({ testAccuracy }: Pick<SolutionValues, 'testAccuracy'>): number {
  return 100 * testAccuracy;
}

/** The mean of some numbers. */
export function mean(of: readonly number[]): number {
  return of.reduce((sum, value) => sum + value, 0) / of.length;
}

/** A point of a figure: the mean over the units, with its 95 % interval where there are two or more. */
export function unitPoint(
  x: number,
  found: SwaUnits,
  number: (evidence: SwaEvidence) => number,
): FigurePoint {
  const values = ofUnits(found, number);
  if (values.length < 2) return { x, y: values[0]! };
  const { value, interval } = studentIntervals([values])[0]!;
  return { x, y: value, interval };
}

/** What the claims of the study have in common in their records. */
export const SWA_RECORD = {
  paper: 'izmailov',
  population:
    'convolutional networks with BatchNorm (two convolutions of 3 × 3 and stride 2, a linear layer) on 500 images of Fashion-MNIST pooled to 14 × 14, shifted at random by a pixel; SGD with momentum 0.9 and weight decay 5·10⁻⁴',
  unit: 'a trunk of three quarters of the budget, with its own initial weights, subset, order and augmentation; all arms go on from it',
} as const;
