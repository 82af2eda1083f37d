import { normalOf } from '../../random/normal.ts';
import { threefry2x32 } from '../../random/threefry.ts';
import { claim } from '../claim.ts';
import type { CellEvidence } from '../experiment.ts';
import type { Panel, Table } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import {
  type AtBatchSize,
  type FastestCell,
  type FastestEvidence,
  type FastestProtocol,
  fastestStudy,
} from './fastestStudy.ts';
import { fitHyperbola, stepsAt } from './hyperbola.ts';

/** How far a predicted time may be off at any batch size. */
const OFF = 1.2;
/** … and the fastest batch: an octave. */
const OCTAVE = 2;

type Units = readonly CellEvidence<FastestCell, FastestEvidence>[];
/** Predicted seconds at each batch size. */
type Prediction = (sizes: readonly AtBatchSize[]) => number[];

/** t(B)·S(B) with the hyperbola through the steps of the other runs. */
const byHyperbola: Prediction = (sizes) => {
  const hyperbola = fitHyperbola(
    sizes.flatMap(({ batchSize, scouted }) => scouted!.map((steps) => ({ batchSize, steps }))),
  );
  return sizes.map(({ batchSize, stepSeconds }) => stepSeconds * stepsAt(hyperbola, batchSize));
};

/** t(B)·S(B) with the steps of the other runs at each batch size as they are. */
const bySteps: Prediction = (sizes) =>
  sizes.map(({ stepSeconds, scouted }) => {
    const logs = scouted!.map((steps) => Math.log(steps));
    return stepSeconds * Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
  });

/** The same with times of steps that go as the arithmetic does, from the largest batch down. */
const byArithmetic: Prediction = (sizes) => {
  const largest = sizes.at(-1)!;
  return byHyperbola(
    sizes.map((each) => ({
      ...each,
      stepSeconds: (largest.stepSeconds * each.batchSize) / largest.batchSize,
    })),
  );
};

/** Of each unit, null where a run did not come to its goal. */
function ofUnits(
  found: Units,
  predict: Prediction,
  value: (predicted: readonly number[], timed: readonly number[], sizes: readonly AtBatchSize[]) => number,
): (number | null)[] {
  return found.map(({ evidence: { sizes } }) => {
    if (sizes.some(({ scouted, seconds }) => scouted === null || seconds === null)) return null;
    return value(
      predict(sizes),
      sizes.map(({ seconds }) => seconds!),
      sizes,
    );
  });
}

const worst = (predicted: readonly number[], timed: readonly number[]): number =>
  Math.exp(Math.max(...predicted.map((seconds, i) => Math.abs(Math.log(seconds / timed[i]!)))));

function fastest(seconds: readonly number[], sizes: readonly AtBatchSize[]): number {
  return sizes[seconds.indexOf(Math.min(...seconds))]!.batchSize;
}

function effects(found: Units, predict: Prediction): Measured[] {
  return [
    {
      name: 'Time, predicted over timed, worst B',
      values: ofUnits(found, predict, worst),
      margin: [null, OFF],
      scale: 'log',
    },
    {
      name: 'Fastest B, predicted over timed',
      values: ofUnits(
        found,
        predict,
        (predicted, timed, sizes) => fastest(predicted, sizes) / fastest(timed, sizes),
      ),
      margin: [1 / OCTAVE, OCTAVE],
      scale: 'log',
    },
  ];
}

export const fastestBatch = claim<FastestProtocol, FastestCell, FastestEvidence>({
  id: 'fastest-batch',
  version: 1,
  paper: 'since',
  study: fastestStudy,
  statement:
    'The time to a loss at each batch size on this machine is the measured time of a step times the steps of the hyperbola, and so is the fastest batch',
  source:
    'McCandlish et al. 2018, section 2.4, with the measured time of a step; the article’s question, how to choose',
  population:
    'perceptrons of 32 hidden units on images of MNIST pooled to 14 × 14, plain SGD with the best of six ε at each of eight B, on the machine that measures: times are its own, and another run of the same cell gives others',
  unit: 'a run at each batch size with its own initial weights, subset and order; predicted by runs with other seeds',
  prediction: `t(B)·S(B), t(B) timed by itself and S(B) = S_min(1 + B_crit/B) through the steps of other runs, is within a factor of ${OFF} of the timed run at every one of the eight B, and its least one is within an octave of the fastest run. A fifth of the time, or a neighbour on a grid of powers of two, is what a choice by it would cost at the most.`,
  refutedBy:
    'A batch size at which training takes more than a fifth longer or shorter than predicted, or a fastest batch that is two octaves away.',
  power: {
    pilot:
      'seeds 0 and 1 to a loss of 0.25: 1,170 and 990 steps at B = 8, 98 and 95 at 1,024; predicted over timed at the worst B 1.5 where the machine was calm, by the hyperbola’s steps. Distance and scatter are those of the planted case',
    scatter: 0.03,
    distance: 0.09,
    units: 6,
  },
  lookedInto:
    'version 1, seeds 1000 to 1005, on llvmpipe with two cores and nothing beside: predicted over timed at the worst of eight B is 1.66 [1.38, 1.99]. Both factors scatter alike. The step timed by itself is off from the mean step of the run by more than a fifth at 12 of the 48 places (standard deviation of the log 0.19, half of them within 10 %), where the machine had slower spells than the shortest of five pieces leaves out; the geometric mean of the two other runs’ steps is off from the unit’s own at 13 (0.19, half within 13 %; at the worst 143 and 177 steps beside 330, at ε = 1.6 near instability). In the mean over the units the law is off by 1.24 at B = 8 and 32, 0.79 at 64, and within 12 % elsewhere. The fastest B is predicted 1.41 [0.66, 3.0] times as large as it is: from B = 16 to 128 times differ by less than they scatter. It would take some ten runs a B for S, steps timed between the runs they are to predict, and a B whose time stands out. That times are not those of the arithmetic alone stays plain: without the measured time of a step it is off 10.9 times',
  effects: (found) => effects(found, byHyperbola),
  controls: (found) => [
    {
      name: 'times of steps in proportion to their arithmetic',
      removes: 'the measured time of a step is taken away',
      effects: effects(found, byArithmetic),
    },
  ],
  sensitivity: (found) => [
    { name: 'the steps of the other runs without the hyperbola', effects: effects(found, bySteps) },
  ],
  plantedAs: {
    effect: 'a step of a fixed time and one by example, times a hyperbola, with the pilot’s scatter',
    null: 'the same, but runs at the smallest batches that take 1.5 times as long as their steps',
  },
  plant: (truth, protocol, seed) =>
    fastestStudy
      .cells({ ...protocol, seed: 0 })
      .map((cell, u) => ({ cell, evidence: planted(cell, truth === 'effect' ? 1 : 1.5, 1000 * seed + u) })),
  panels: (found) => [times(found)],
  tables: (found) => [byBatchSize(found)],
});

const PURPOSE = 0x0003_0002;

function planted({ batchSizes, rates, scouts }: FastestCell, more: number, seed: number): FastestEvidence {
  let n = 0;
  const scatter = (of: number): number => Math.exp(of * normalOf(threefry2x32(seed, PURPOSE, n++, 0)));
  return {
    sizes: batchSizes.map((batchSize, i) => {
      const steps = 150 * (1 + 60 / batchSize);
      const stepSeconds = 3e-4 + 3e-6 * batchSize;
      const own = steps * scatter(0.04);
      return {
        batchSize,
        rate: rates[Math.floor(rates.length / 2)]!,
        atEdge: false,
        scouted: Array.from({ length: scouts }, () => steps * scatter(0.04)),
        stepSeconds: stepSeconds * scatter(0.02),
        steps: own,
        seconds: own * stepSeconds * scatter(0.02) * (i === 0 ? more : 1),
      };
    }),
  };
}

/** Geometric mean over the units of a number at each batch size. */
function meanAt(found: Units, of: (evidence: FastestEvidence) => number): number {
  const logs = found.map(({ evidence }) => Math.log(of(evidence)));
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / found.length);
}

function times(found: Units): Panel {
  const sizes = found[0]!.evidence.sizes.map(({ batchSize }) => batchSize);
  const whole = found.filter(({ evidence }) =>
    evidence.sizes.every(({ scouted, seconds }) => scouted !== null && seconds !== null),
  );
  const line = (name: string, predict: Prediction, dashed: boolean) => ({
    mark: 'line' as const,
    name,
    look: { dashed },
    points: sizes.map((x, i) => ({
      x,
      y: whole.length > 0 ? meanAt(whole, (evidence) => predict(evidence.sizes)[i]!) : null,
    })),
  });
  return {
    title: 'Time to the goal',
    x: { label: 'B', log: true },
    y: { label: 'seconds', log: true },
    marks: [
      line('t(B)·S(B), predicted', byHyperbola, false),
      line('steps in proportion to their arithmetic', byArithmetic, true),
      {
        mark: 'dots',
        name: 'timed runs',
        points: whole.flatMap(({ evidence }) =>
          evidence.sizes.map(({ batchSize, seconds }) => ({ x: batchSize, y: seconds })),
        ),
      },
    ],
  };
}

function byBatchSize(found: Units): Table {
  return {
    title: 'Each unit at each batch size',
    columns: ['unit', 'B', 'ε', 'ms a step', 'steps', 'seconds', 'best ε at the edge'],
    rows: found.flatMap(({ cell, evidence }) =>
      evidence.sizes.map(({ batchSize, rate, stepSeconds, steps, seconds, atEdge }) => [
        cell.unit,
        batchSize,
        rate,
        1000 * stepSeconds,
        steps,
        seconds,
        atEdge ? 'yes' : 'no',
      ]),
    ),
  };
}
