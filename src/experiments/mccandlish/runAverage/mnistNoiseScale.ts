import { normal } from '../../../random/normal.ts';
import { claim } from '../../claim.ts';
import type { CellEvidence } from '../../experiment.ts';
import type { Panel, Table } from '../../figure.ts';
import type { Measured } from '../../verdict/measured.ts';
import { type RunAverageCell, type RunAverageEvidence, runAverage, type Window } from './study.ts';

type Found = readonly CellEvidence<RunAverageCell, RunAverageEvidence>[];

/** Table 1 of the paper, and a public replication's runs. */
const PAPER = 900;
const REPLICATION = 870;
/** Within an octave of the paper's: nets and rates differ. */
const MARGIN = [PAPER / 2, 2 * PAPER] as const;

const scaleOf = ({ traceCovariance, gradNormSq }: Window): number | null =>
  gradNormSq > 0 ? traceCovariance / gradNormSq : null;

/** The mean of B_simple over the windows, null where one of them is not resolved. */
function meanScale(windows: readonly Window[]): number | null {
  const scales = windows.map(scaleOf);
  return scales.includes(null)
    ? null
    : scales.reduce((sum: number, scale) => sum + scale!, 0) / scales.length;
}

/** Of the runs that decide. */
const average = (found: Found, of: (windows: readonly Window[]) => number | null): Measured => ({
  name: 'B_simple, averaged over a run',
  values: withMomentum(found, momentaOf(found)[0]!).map(({ evidence }) => of(evidence.windows)),
  margin: MARGIN,
  scale: 'log',
});

/** Of the others, for comparison: what the replication's momentum was is not known. */
function averageBeside(found: Found, momentum: number): Measured {
  return {
    name: `the same, m = ${momentum}`,
    values: withMomentum(found, momentum).map(({ evidence }) => meanScale(evidence.windows)),
    margin: null,
    scale: 'log',
  };
}

function momentaOf(found: Found): number[] {
  return [...new Set(found.map(({ cell }) => cell.momentum))];
}

function withMomentum(found: Found, momentum: number): Found {
  return found.filter(({ cell }) => cell.momentum === momentum);
}

/** The paper's number for MNIST. */
export const mnistNoiseScale = claim({
  id: 'mnist-noise-scale',
  version: 1,
  paper: 'mccandlish',
  statement:
    'On MNIST the noise scale B_simple of a small convolutional net averages some 900 examples over a run',
  source: 'McCandlish et al. 2018, table 1: 900; a public replication: 870 to 876',
  population:
    'a net of two convolutions (8 and 16 channels of 3 × 3, each pooled by 2) on MNIST, one epoch of SGD with B = 128 and ε = 0.01, as in the replication; beside it with a momentum of 0.9',
  unit: 'initial weights and order of its own',
  prediction:
    '900; within a factor of 2, since net and rate of the paper’s run are not known: 450 to 1,800. |G|² and tr Σ are averaged over each twentieth of the run, their ratio over all of it',
  refutedBy: 'an average below 450 or above 1,800',
  power: {
    pilot:
      'seed 0: an average of 183, from 154 at the start down to 75 and up to 480 in the last twentieth, at which the loss is 0.58: it contradicts the claim; what the replication’s net and optimizer were is not known, and margins are as they were set. The scatter is assumed',
    scatter: 0.15,
    distance: -0.9,
    units: 3,
  },
  lookedInto:
    'version 1, seeds 1000 to 1002: 199 beside the paper’s 900 and the replication’s 870; with m = 0.9, which takes the loss to 0.15 and not to 0.6 in its epoch, 255 [155, 419]. There B_simple is some 250 at the start, 35 to 49 at a loss of 0.6 and 180 to 600 below 0.2: the average is that of how long a run goes on below there. The paper’s runs go on until they have learnt what they can, and how the replication’s windows were taken is not known. It would take its net, rate and length, or runs of several epochs with a look at each loss',
  study: runAverage,
  effects: (found) => [
    average(found, meanScale),
    ...momentaOf(found)
      .slice(1)
      .map((momentum) => averageBeside(found, momentum)),
  ],
  controls: (found) => [
    {
      name: 'the first twentieth of the run alone',
      removes: 'the run has not trained yet',
      effects: [average(found, (windows) => meanScale(windows.slice(0, 1)))],
    },
  ],
  sensitivity: (found) => [
    {
      name: 'without the first tenth',
      effects: [average(found, (windows) => meanScale(windows.slice(Math.ceil(windows.length / 10))))],
    },
    { name: 'windows twice as long', effects: [average(found, (windows) => meanScale(paired(windows)))] },
  ],
  plantedAs: { effect: 'an average of 900', null: 'one of 450' },
  plant: (truth, protocol, seed) =>
    runAverage.cells(protocol).map((cell) => {
      const level =
        (truth === 'effect' ? PAPER : MARGIN[0]) * Math.exp(0.08 * normal(seed, 251, cell.unit, 0));
      const windows = Array.from({ length: cell.windows }, (_, w) => {
        // Rising to twice the average, from next to nothing.
        const scale = level * (2 * ((w + 0.5) / cell.windows));
        const noisy = Math.exp(0.15 * normal(seed, 252, cell.unit, w));
        return { loss: 1, gradNormSq: 1 / (scale * noisy), traceCovariance: 1 };
      });
      return { cell, evidence: { windows } };
    }),
  panels: (found) => [alongPanel(found)],
  tables: (found) => [besideTable(found)],
});

/** Two windows as one. */
function paired(windows: readonly Window[]): Window[] {
  return windows.flatMap((window, w) => {
    const next = windows[w + 1];
    if (w % 2 === 1 || !next) return [];
    const mean = (key: keyof Window): number => (window[key] + next[key]) / 2;
    return [{ loss: mean('loss'), gradNormSq: mean('gradNormSq'), traceCovariance: mean('traceCovariance') }];
  });
}

function alongPanel(found: Found): Panel {
  return {
    title: 'B_simple along the run',
    x: { label: 'share of the epoch' },
    y: { label: 'B_simple, examples', log: true },
    marks: found.map(({ cell, evidence: { windows } }) => ({
      mark: 'line' as const,
      name: `unit ${cell.unit}, m = ${cell.momentum}`,
      look: { marked: true },
      points: windows.map((window, w) => ({ x: (w + 0.5) / windows.length, y: scaleOf(window) })),
    })),
  };
}

function besideTable(found: Found): Table {
  return {
    title: 'MNIST’s B_simple, averaged over a run',
    columns: ['whose', 'B_simple'],
    rows: [
      ['McCandlish et al. 2018, table 1', PAPER],
      ['a public replication, B = 128, ε = 0.01', REPLICATION],
      ...found.map(({ cell, evidence }) => [
        `unit ${cell.unit}, m = ${cell.momentum}`,
        meanScale(evidence.windows),
      ]),
    ],
  };
}
