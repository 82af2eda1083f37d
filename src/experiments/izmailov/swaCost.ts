import { normalOf } from '../../random/normal.ts';
import { threefry2x32 } from '../../random/threefry.ts';
import { claim } from '../claim.ts';
import type { CellEvidence } from '../experiment.ts';
import { median } from '../since/median.ts';
import type { Measured } from '../verdict/measured.ts';
import {
  type AveragingCostCell,
  type AveragingCostEvidence,
  type AveragingCostProtocol,
  averagingCostStudy,
} from './averagingCostStudy.ts';

/** By how much a step may take longer, and a run more memory. */
const MORE = 1.05;

type Units = readonly CellEvidence<AveragingCostCell, AveragingCostEvidence>[];

/** Of each unit the median over its turns of the ratio of two cycles that were timed one after the other. */
function ratios(found: Units, way: 'averaged' | 'passes'): number[] {
  return found.map(({ evidence }) =>
    median(evidence[way].map((seconds, turn) => seconds / evidence.plain[turn]!)),
  );
}

function effects(found: Units, way: 'averaged' | 'passes'): Measured[] {
  return [
    {
      name: 'Time, averaging over plain',
      values: ratios(found, way),
      margin: [null, MORE],
      scale: 'log',
    },
    {
      name: 'Memory, averaging over plain',
      values: found.map(({ evidence }) => evidence.averagedBytes / evidence.plainBytes),
      margin: [null, MORE],
      scale: 'log',
    },
  ];
}

export const swaCost = claim<AveragingCostProtocol, AveragingCostCell, AveragingCostEvidence>({
  id: 'swa-cost',
  version: 1,
  paper: 'izmailov',
  study: averagingCostStudy,
  statement: 'Averaging weights takes next to no time and memory beside training',
  source: 'Izmailov et al. 2018, sections 1 and 3.3',
  population:
    'runs of a convolutional network with BatchNorm on images of Fashion-MNIST pooled to 14 × 14, on the machine that measures: times are its own, and another run of the same cell gives others',
  unit: 'a pair of runs with their own initial weights, subset and order, whose cycles are timed in turns',
  prediction: `A capture after each cycle reads and writes P numbers once, where a step goes over B examples with several passes: time and memory are at most ${MORE} times those of plain SGD. Five percent are what nobody would notice beside what timings scatter.`,
  refutedBy: 'A training that takes longer, or more memory, by more than five percent.',
  power: {
    pilot:
      'Memory of seed 0: 1.002 times. Times were taken on a busy machine and say nothing: distance and scatter are those of the planted case',
    scatter: 0.012,
    distance: 0.038,
    units: 6,
  },
  effects: (found) => effects(found, 'averaged'),
  controls: (found) => [
    {
      name: 'with BatchNorm’s statistics of the average after each capture',
      removes: 'averaging is no longer by captures alone: each is followed by a pass over the data',
      effects: effects(found, 'passes'),
    },
  ],
  plantedAs: {
    effect: 'cycles that take 1 % longer with averaging, with a scatter of 2 % a cycle',
    null: 'cycles that take 5 % longer, at the edge of the margin',
  },
  plant: (truth, protocol, seed) =>
    averagingCostStudy.cells({ ...protocol, seed: 0 }).map((cell, u) => ({
      cell,
      evidence: planted(cell, truth === 'effect' ? 1.01 : MORE, 1000 * seed + u),
    })),
  panels: (found) => [
    {
      title: 'Time of each cycle with averaging over one without',
      x: { label: 'unit', range: [0.5, found.length + 0.5] },
      y: { label: 'ratio of times' },
      marks: (['averaged', 'passes'] as const).map((way) => ({
        mark: 'dots' as const,
        name: way === 'averaged' ? 'captures' : 'captures, each with a pass',
        points: found.flatMap(({ evidence }, u) =>
          evidence[way].map((seconds, turn) => ({ x: u + 1, y: seconds / evidence.plain[turn]! })),
        ),
      })),
    },
  ],
});

const PURPOSE = 0x0003_0001;

function planted({ rounds }: AveragingCostCell, ratio: number, seed: number): AveragingCostEvidence {
  let n = 0;
  const draw = (scatter: number): number => Math.exp(scatter * normalOf(threefry2x32(seed, PURPOSE, n++, 0)));
  const own = draw(0.01);
  const cycles = (factor: number): number[] =>
    Array.from({ length: 2 * rounds }, () => 0.5 * factor * draw(0.02));
  return {
    plain: cycles(1),
    averaged: cycles(ratio * own),
    passes: cycles(1.12),
    plainBytes: 5e6,
    averagedBytes: 5.03e6,
  };
}
