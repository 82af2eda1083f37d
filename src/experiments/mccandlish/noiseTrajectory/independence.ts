import type { Interval } from '../../../measure/statistics/interval.ts';
import { powerLawSlope } from '../../../measure/statistics/straightLine.ts';
import type { Control, Measured } from '../../verdict/measured.ts';
import { noiseAtLoss, type Reading, runsOf, type Trajectories, unitsOf } from './readTrajectories.ts';
import type { Arm, NoiseTrajectoryCell } from './study.ts';

/** What a noise scale is claimed to be independent of. */
export interface Varied {
  readonly arm: Extract<Arm, 'size' | 'width'>;
  readonly of: (cell: NoiseTrajectoryCell) => number;
  /** `N`, `the width`. */
  readonly name: string;
  readonly margin: Interval;
}

/** Each unit's exponent of B_simple over what is varied, at one loss. */
export function exponentAt(
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
export function labelNoiseControl(
  found: Trajectories,
  varied: Varied,
  goal: number,
  reading: Reading,
): Control {
  const { arm, of, margin, name } = varied;
  return {
    name: 'labels replaced instead',
    removes: `the runs differ in what moves the noise scale, and not in ${name}`,
    effects: [
      {
        ...exponentAt(found, varied, goal, reading),
        values: unitsOf(found).map((unit) => {
          const sizes = [...runsOf(found, unit, 'base'), ...runsOf(found, unit, arm)].map(({ cell }) =>
            of(cell),
          );
          sizes.sort((a, b) => a - b);
          const noisy = [...runsOf(found, unit, 'base'), ...runsOf(found, unit, 'label noise')];
          const points = noisy
            .slice(0, sizes.length)
            .map((run, i) => ({ x: sizes[i]!, y: noiseAtLoss(run, goal, reading) }));
          return points.some(({ y }) => y === null)
            ? null
            : powerLawSlope(points as { x: number; y: number }[]);
        }),
        margin,
      },
    ],
  };
}
