import type { CellEvidence } from '../../experiment.ts';
import { populationNoiseScale, trainingNoiseScale } from '../noiseAt.ts';
import type { Arm, NoiseTrajectoryCell, NoiseTrajectoryEvidence, TrajectoryPoint } from './study.ts';

/** A cell of the study. */
export type Run = CellEvidence<NoiseTrajectoryCell, NoiseTrajectoryEvidence>;
export type Trajectories = readonly Run[];

/** How loss and noise scale are read off a look at a run. */
export interface Reading {
  readonly loss: (point: TrajectoryPoint) => number;
  /** null where it is not resolved. */
  readonly noise: (point: TrajectoryPoint, cell: NoiseTrajectoryCell) => number | null;
}

/** Both of examples that the run never trains on. */
export const ofFresh: Reading = {
  loss: ({ fresh }) => fresh.loss,
  noise: ({ fresh }) => populationNoiseScale(fresh),
};

/** Both of the examples that the run trains on, which are all that its batches are drawn from. */
export const ofTraining: Reading = {
  loss: ({ train }) => train.loss,
  noise: ({ train }, { examples }) => trainingNoiseScale(train, examples),
};

/** Matched by the loss of the run's own examples, the noise of fresh ones. */
export const matchedByTraining: Reading = { loss: ofTraining.loss, noise: ofFresh.noise };

/** The seeds of the units, in their order. */
export function unitsOf(found: Trajectories): number[] {
  return [...new Set(found.map(({ cell }) => cell.unit))];
}

/** A unit's runs that are there for some purpose. */
export function runsOf(found: Trajectories, unit: number, arm: Arm): Trajectories {
  return found.filter(({ cell }) => cell.unit === unit && cell.arm === arm);
}

/** B_simple where the loss first comes down to a goal, between two looks by their logarithms; null where it does not, or is not resolved there. */
export function noiseAtLoss(
  { cell, evidence: { points } }: Run,
  goal: number,
  { loss, noise }: Reading,
): number | null {
  const after = points.findIndex((point) => loss(point) <= goal);
  if (after < 0) return null;
  const [to, from] = [points[after]!, points[Math.max(0, after - 1)]!];
  const [high, low] = [noise(to, cell), noise(from, cell)];
  if (high === null || low === null) return null;
  if (to === from) return high;
  const share = Math.log(loss(from) / goal) / Math.log(loss(from) / loss(to));
  return low * (high / low) ** share;
}

/** The geometric mean of B_simple over the looks from one step to another, those left out where it is not resolved. */
export function meanNoise(
  { cell, evidence: { points } }: Run,
  [from, to]: readonly [number, number],
  { noise }: Reading,
): number | null {
  const logs = points.flatMap((point) => {
    const value = point.step >= from && point.step <= to ? noise(point, cell) : null;
    return value === null ? [] : [Math.log(value)];
  });
  return logs.length === 0 ? null : Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}
