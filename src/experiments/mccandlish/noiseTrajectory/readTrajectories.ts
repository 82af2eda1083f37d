import { straightLine } from '../../../measure/statistics/straightLine.ts';
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

/** How far from a goal looks still tell of it: the logarithm of the ratio of their losses. */
const NEAR = Math.log(1.7);

/**
 * B_simple at a loss: of the line through log B_simple over log loss of all looks nearby, at that loss. A single look tells little: |G|² goes
 * up and down from step to step. null where the run does not come below the loss, or fewer than three looks are resolved.
 */
export function noiseAtLoss(
  { cell, evidence: { points } }: Run,
  goal: number,
  { loss, noise }: Reading,
): number | null {
  if (!points.some((point) => loss(point) <= goal)) return null;
  const near = points.flatMap((point) => {
    const [x, B] = [Math.log(loss(point) / goal), noise(point, cell)];
    return Math.abs(x) <= NEAR && B !== null ? [{ x, y: Math.log(B) }] : [];
  });
  const line = near.length < 3 ? null : straightLine(near);
  return line && Math.exp(line.intercept);
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
