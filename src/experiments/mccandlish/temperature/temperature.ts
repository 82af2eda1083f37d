import { powerLawSlope } from '../../../measure/statistics/straightLine.ts';
import { normal } from '../../../random/normal.ts';
import { claim } from '../../claim.ts';
import type { CellEvidence } from '../../experiment.ts';
import type { Panel } from '../../figure.ts';
import type { Measured } from '../../verdict/measured.ts';
import { type NoiseAt, trainingNoiseScale } from '../noiseAt.ts';
import {
  type TemperatureCell,
  type TemperatureEvidence,
  type TemperatureProtocol,
  type TemperatureRun,
  temperatureStudy,
} from './study.ts';

type Found = readonly CellEvidence<TemperatureCell, TemperatureEvidence>[];

/** Of a run's steps, those from which on it is on its plateau. */
const SETTLED = 0.5;
/** Of the exponent: a temperature 16 times as low has a noise scale 8 to 32 times as large. */
const SLOPE = [-1.25, -0.75] as const;
/** Between both halves of the plateau, of log B_simple. */
const PLATEAU = [-0.35, 0.35] as const;

/** B_simple over looks from one share of the steps to another: tr Σ and |G|² averaged apart, divided once. */
export function plateauNoise({ looks }: TemperatureRun, from: number, to = 1): number {
  const steps = looks.at(-1)!.step;
  const taken = looks.filter(({ step }) => step > from * steps && step <= to * steps);
  const mean = (of: (look: NoiseAt) => number): number =>
    taken.reduce((sum, look) => sum + of(look), 0) / taken.length;
  const { examples } = taken[0]!;
  const whole = {
    loss: 0,
    examples,
    resolved: true,
    gradNormSq: mean((look) => look.gradNormSq),
    traceCovariance: mean((look) => look.traceCovariance),
  };
  return trainingNoiseScale(whole, examples)!;
}

const slope = (
  runs: readonly TemperatureRun[],
  of: (run: TemperatureRun) => number,
  from: number,
): number | null => powerLawSlope(runs.map((run) => ({ x: of(run), y: plateauNoise(run, from) })));

const temperatureOf = ({ lr, batchSize }: TemperatureRun): number => lr / batchSize;

function effects(found: Found, from = SETTLED): Measured[] {
  return [
    {
      name: 'exponent of B_simple over ε/B',
      values: found.map(({ evidence }) => slope(evidence.cooled, temperatureOf, from)),
      margin: SLOPE,
    },
    plateau(found, ({ cooled }) => cooled),
  ];
}

/** Whether runs are on their plateaus: the change of log B_simple from one half of it to the other, the mean over the arms. */
function plateau(found: Found, of: (evidence: TemperatureEvidence) => readonly TemperatureRun[]): Measured {
  const half = (1 + SETTLED) / 2;
  return {
    name: 'change of log B_simple on the plateau, the arms’ mean',
    values: found.map(({ evidence }) => {
      const changes = of(evidence).map((run) =>
        Math.log(plateauNoise(run, half) / plateauNoise(run, SETTLED, half)),
      );
      return changes.reduce((sum, change) => sum + change, 0) / changes.length;
    }),
    margin: PLATEAU,
  };
}

/** Whether the noise scale goes as the inverse of the temperature. */
export const temperature = claim({
  id: 'temperature',
  version: 1,
  paper: 'mccandlish',
  statement:
    'Once a run has settled, its noise scale B_simple is in inverse proportion to the temperature ε/B',
  source:
    'McCandlish et al. 2018, appendix C, figure 15: ε/B 16 times as small, B_simple about 16 times as large',
  population:
    'perceptrons 49-16-10 on 4,096 examples of MNIST of 7 × 7 pixels, a fifth of the labels wrong, by SGD with B = 8 at ε = 0.0125 to 0.2 from one start; B_simple of all their examples over the second half of 6,000 steps',
  unit: 'initial weights, draws, examples and wrong labels of its own, the same for all ε',
  prediction:
    'B_simple = B(2 − εh)/(εh) on a quadratic, an exponent of −1 over ε/B. Within ±0.25, a temperature 16 times as low has 8 to 32 times the noise scale; on the plateau log B_simple changes by less than 0.35, half an octave',
  refutedBy: 'an exponent outside [−1.25, −0.75] of runs that have settled',
  power: {
    pilot:
      'seeds 0 and 1: exponents of −0.87 and −0.78 and −0.04 with ε and B multiplied together; −0.17 and 0.31 from one half of the plateau to the other, which is what takes twelve units',
    scatter: 0.06,
    distance: 0.075,
    units: 12,
  },
  study: temperatureStudy,
  effects: (found) => effects(found),
  controls: (found) => [
    {
      name: 'ε and B multiplied together',
      removes: 'ε/B is the same in all arms; the exponent is over ε',
      effects: [
        {
          name: 'exponent of B_simple over ε/B',
          values: found.map(({ evidence }) => slope(evidence.multiplied, ({ lr }) => lr, SETTLED)),
          margin: SLOPE,
        },
        plateau(found, ({ multiplied }) => multiplied),
      ],
    },
  ],
  sensitivity: (found) =>
    [0.25, 0.75].map((from) => ({
      name: `settled after ${100 * from} % of the steps`,
      effects: [effects(found, from)[0]!],
    })),
  plantedAs: { effect: 'a quadratic’s B_simple = B(2 − εh)/(εh)', null: 'a noise scale ∝ (ε/B)^−0.75' },
  plant: (truth, protocol, seed) => plantPlateaus(protocol, seed, truth === 'effect' ? null : SLOPE[1]),
  panels: (found) => [plateausPanel(found), lookPanel(found)],
});

/** Curvature of the planted quadratic. */
const CURVATURE = 0.5;
/** Of log |G|² from look to look, and of a run's mean. */
const [LOOKS_SCATTER, RUN_SCATTER] = [0.9, 0.04];

/** Plateaus of a quadratic, or with an exponent over ε/B; |G|² of each look is what noise has left it at. */
function plantPlateaus(protocol: TemperatureProtocol, seed: number, exponent: number | null): Found {
  return temperatureStudy.cells(protocol).map((cell) => {
    const arm = (lr: number, batchSize: number, stream: number): TemperatureRun => {
      const T = lr / batchSize;
      const noise =
        exponent === null
          ? (batchSize * (2 - lr * CURVATURE)) / (lr * CURVATURE)
          : 4000 * (T / 0.001) ** exponent;
      const own = Math.exp(RUN_SCATTER * normal(seed, 231, 64 * cell.unit + stream, 0));
      const looks = Array.from({ length: cell.looks }, (_, i) => {
        const now = Math.exp(LOOKS_SCATTER * normal(seed, 232, 64 * cell.unit + stream, i));
        const gradNormSq = (own * now) / noise;
        const step = Math.round(((i + 1) / cell.looks) * cell.steps);
        return { step, loss: 1, examples: cell.examples, gradNormSq, traceCovariance: 1, resolved: true };
      });
      return { lr, batchSize, looks };
    };
    return {
      cell,
      evidence: {
        cooled: cell.rates.map((lr, i) => arm(lr, cell.batchSize, i)),
        multiplied: cell.multiples.map((k, i) => arm(k * cell.multipliedLr, k * cell.batchSize, 32 + i)),
      },
    };
  });
}

function plateausPanel(found: Found): Panel {
  const points = (of: (evidence: TemperatureEvidence) => readonly TemperatureRun[]) =>
    found.flatMap(({ evidence }) =>
      of(evidence).map((run) => ({ x: temperatureOf(run), y: plateauNoise(run, SETTLED) })),
    );
  return {
    title: 'B_simple of settled runs',
    x: { label: 'ε/B', log: true },
    y: { label: 'B_simple, examples', log: true },
    marks: [
      { mark: 'dots', name: 'ε alone', points: points(({ cooled }) => cooled) },
      { mark: 'dots', name: 'ε and B together', points: points(({ multiplied }) => multiplied) },
    ],
  };
}

function lookPanel(found: Found): Panel {
  const { evidence } = found[0]!;
  return {
    title: 'One unit’s runs on their way',
    x: { label: 'step' },
    y: { label: 'tr Σ/|G|² of a look', log: true },
    marks: evidence.cooled.map(({ lr, looks }) => ({
      mark: 'line',
      name: `ε = ${lr}`,
      points: looks.map((look) => ({ x: look.step, y: look.traceCovariance / look.gradNormSq })),
    })),
  };
}
