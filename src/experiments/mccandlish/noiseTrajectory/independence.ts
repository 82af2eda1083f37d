import { powerLawSlope } from '../../../measure/statistics/straightLine.ts';
import type { ClaimDefinition } from '../../claim.ts';
import type { Control, Measured } from '../../verdict/measured.ts';
import { noisePanel } from './noisePanel.ts';
import { plantTrajectories } from './plantTrajectories.ts';
import {
  matchedByTraining,
  noiseAtLoss,
  ofFresh,
  type Reading,
  runsOf,
  type Trajectories,
  unitsOf,
} from './readTrajectories.ts';
import {
  type Arm,
  type NoiseTrajectoryCell,
  type NoiseTrajectoryEvidence,
  type NoiseTrajectoryProtocol,
  noiseTrajectory,
} from './study.ts';

/** The loss of fresh examples at which runs are compared. */
const GOAL = 0.8;

/** What a noise scale is claimed to be independent of. */
export interface Varied {
  readonly arm: Extract<Arm, 'size' | 'width'>;
  readonly of: (cell: Pick<NoiseTrajectoryCell, 'examples' | 'hidden'>) => number;
  /** `N`, `the width`. */
  readonly name: string;
  /** A run in the figure: `16 units`. */
  readonly label: (value: number) => string;
  /** Of the exponent. A planted null has its upper end. */
  readonly margin: readonly [number, number];
}

/** What a claim of no effect is judged by: the exponent of B_simple over what is varied, between runs of equal loss. */
export function independenceOf(
  varied: Varied,
): Pick<
  ClaimDefinition<NoiseTrajectoryProtocol, NoiseTrajectoryCell, NoiseTrajectoryEvidence>,
  'study' | 'effects' | 'controls' | 'sensitivity' | 'plant' | 'panels'
> {
  const { arm, of, label, margin } = varied;
  return {
    study: noiseTrajectory,
    effects: (found) => [exponentAt(found, varied, GOAL, ofFresh)],
    controls: (found) => [labelNoiseControl(found, varied)],
    sensitivity: (found) => [
      ...[1, 0.6].map((goal) => ({
        name: `at a loss of ${goal}`,
        effects: [exponentAt(found, varied, goal, ofFresh)],
      })),
      {
        name: 'matched by the loss of the examples it trains on',
        effects: [exponentAt(found, varied, GOAL, matchedByTraining)],
      },
    ],
    plant: (truth, protocol, seed) =>
      plantTrajectories(protocol, seed, {
        noise: (cell, share) =>
          20 *
          (1 + 40 * cell.labelNoise) *
          share ** -1.2 *
          (of(cell) / of(protocol)) ** (truth === 'effect' ? 0 : margin[1]),
        scatter: 0.09,
      }),
    panels: (found) => {
      const runs = found.filter(({ cell }) => cell.arm === arm || cell.arm === 'base');
      const values = [...new Set(runs.map(({ cell }) => of(cell)))].sort((a, b) => a - b);
      const groups = values.map((value) => ({
        name: label(value),
        runs: runs.filter(({ cell }) => of(cell) === value),
      }));
      return [noisePanel('B_simple of fresh examples', groups, ofFresh)];
    },
  };
}

/** Each unit's exponent of B_simple over what is varied, at one loss. */
function exponentAt(
  found: Trajectories,
  { arm, of, name, margin }: Varied,
  goal: number,
  reading: Reading,
): Measured {
  return {
    name: `exponent of B_simple over ${name}, at a loss of ${goal}`,
    values: unitsOf(found).map((unit) => {
      const runs = [...runsOf(found, unit, 'base'), ...runsOf(found, unit, arm)];
      const points = runs.map((run) => ({ x: of(run.cell), y: noiseAtLoss(run, goal, reading) }));
      return points.some(({ y }) => y === null) ? null : powerLawSlope(points as { x: number; y: number }[]);
    }),
    margin,
  };
}

/** The same of runs that differ in the share of wrong labels instead: in their order they stand for the sizes that are varied. */
function labelNoiseControl(found: Trajectories, varied: Varied): Control {
  const { arm, of, margin, name } = varied;
  return {
    name: 'labels replaced instead',
    removes: `the runs differ in what moves the noise scale, and not in ${name}`,
    effects: [
      {
        ...exponentAt(found, varied, GOAL, ofFresh),
        values: unitsOf(found).map((unit) => {
          const sizes = [...runsOf(found, unit, 'base'), ...runsOf(found, unit, arm)].map(({ cell }) =>
            of(cell),
          );
          sizes.sort((a, b) => a - b);
          const noisy = [...runsOf(found, unit, 'base'), ...runsOf(found, unit, 'label noise')];
          const points = noisy
            .slice(0, sizes.length)
            .map((run, i) => ({ x: sizes[i]!, y: noiseAtLoss(run, GOAL, ofFresh) }));
          return points.some(({ y }) => y === null)
            ? null
            : powerLawSlope(points as { x: number; y: number }[]);
        }),
        margin,
      },
    ],
  };
}
