import { straightLine } from '../../../measure/statistics/straightLine.ts';
import type { CellEvidence } from '../../experiment.ts';
import { populationNoiseScale, populationSignal, trainingNoiseScale, trainingSignal } from '../noiseAt.ts';
import type { Arm, NoiseTrajectoryCell, NoiseTrajectoryEvidence, TrajectoryPoint } from './study.ts';

/** A cell of the study. */
export type Run = CellEvidence<NoiseTrajectoryCell, NoiseTrajectoryEvidence>;
export type Trajectories = readonly Run[];

/** How loss and noise scale are read off a look at a run. */
export interface Reading {
  readonly loss: (point: TrajectoryPoint) => number;
  /** null where it is not resolved. */
  readonly noise: (point: TrajectoryPoint, cell: NoiseTrajectoryCell) => number | null;
  /** |G|² and tr Σ of a look, to be averaged. */
  readonly parts: (
    point: TrajectoryPoint,
    cell: NoiseTrajectoryCell,
  ) => { readonly signal: number; readonly trace: number };
}

/** Both of examples that the run never trains on. */
export const ofFresh: Reading = {
  loss: ({ fresh }) => fresh.loss,
  noise: ({ fresh }) => populationNoiseScale(fresh),
  parts: ({ fresh }) => ({ signal: populationSignal(fresh), trace: fresh.traceCovariance }),
};

/** Both of the examples that the run trains on, which are all that its batches are drawn from. */
export const ofTraining: Reading = {
  loss: ({ train }) => train.loss,
  noise: ({ train }, { examples }) => trainingNoiseScale(train, examples),
  parts: ({ train }, { examples }) => ({
    signal: trainingSignal(train, examples),
    trace: ((examples - 1) / examples) * train.traceCovariance,
  }),
};

/** Matched by the loss of the run's own examples, the noise of fresh ones. */
export const matchedByTraining: Reading = { ...ofFresh, loss: ofTraining.loss };

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

/**
 * B_simple over the looks from one step to another: |G|² and tr Σ averaged apart, divided once, so that no look is left out; null where the
 * mean of |G|² is not above 0.
 */
export function meanNoise(
  { cell, evidence: { points } }: Run,
  [from, to]: readonly [number, number],
  { parts }: Reading,
): number | null {
  const taken = points.filter(({ step }) => step >= from && step <= to).map((point) => parts(point, cell));
  const signal = taken.reduce((sum, each) => sum + each.signal, 0);
  const trace = taken.reduce((sum, each) => sum + each.trace, 0);
  return signal > 0 ? trace / signal : null;
}
