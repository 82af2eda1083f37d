import { powerLawSlope } from '../../../measure/statistics/straightLine.ts';
import { normal } from '../../../random/normal.ts';
import { claim } from '../../claim.ts';
import type { CellEvidence } from '../../experiment.ts';
import type { Panel } from '../../figure.ts';
import type { Measured } from '../../verdict/measured.ts';
import {
  type GradientDrawsCell,
  type GradientDrawsEvidence,
  type GradientDrawsProtocol,
  gradientDraws,
  type MeanDistance,
} from './study.ts';

type Found = readonly CellEvidence<GradientDrawsCell, GradientDrawsEvidence>[];
type Of = (evidence: GradientDrawsEvidence) => readonly MeanDistance[];

const SLOPE = [-1.1, -0.9] as const;

/** The exponent of each unit, at each frozen step. */
function slopes(found: Found, { checkpoints }: GradientDrawsProtocol, of: Of): Measured[] {
  return checkpoints.map((step) => ({
    name: `exponent of |G_B − G|² over B, step ${step}`,
    values: found
      .filter(({ cell }) => cell.step === step)
      .map(({ evidence }) =>
        powerLawSlope(of(evidence).map(({ batchSize, mean }) => ({ x: batchSize, y: mean }))),
      ),
    margin: SLOPE,
  }));
}

/** B|G_B − G|² over tr Σ, all sizes together. */
function levels(found: Found, { checkpoints }: GradientDrawsProtocol, of: Of): Measured[] {
  return checkpoints.map((step) => ({
    name: `B·|G_B − G|² over tr Σ, step ${step}`,
    values: found
      .filter(({ cell }) => cell.step === step)
      .map(({ evidence }) => {
        const each = of(evidence);
        const logs = each.map(({ batchSize, mean }) =>
          Math.log((batchSize * mean) / evidence.traceCovariance),
        );
        return Math.exp(logs.reduce((sum, log) => sum + log, 0) / each.length);
      }),
    margin: [0.8, 1.25],
    scale: 'log',
  }));
}

const mixed: Of = (evidence) => evidence.mixed;
const between =
  (least: number, most: number): Of =>
  ({ mixed: all }) =>
    all.filter(({ batchSize }) => batchSize >= least && batchSize <= most);

/** Whether the variance of a mini-batch's gradient falls as 1/B, with tr Σ as its constant. */
export const gradientVariance = claim({
  id: 'gradient-variance',
  version: 1,
  paper: 'mccandlish',
  statement: 'The variance of the gradient of a mini-batch is tr Σ/B: it falls in proportion to 1/B',
  source: 'McCandlish et al. 2018, section 2.2, eq. 2.2',
  population:
    'perceptrons 196-64-10 on MNIST of 14 × 14 pixels, 2,048 examples each, by SGD with B = 32 and ε = 0.1, frozen after 10, 100 and 1,000 steps',
  unit: 'a run with initial weights, order and examples of its own',
  prediction:
    'an exponent of −1 over B = 1 to 512 and B|G_B − G|²/tr Σ = 1. Within ±0.1 of the exponent, a B that is 500 times larger has its variance within 2 of 1/B; the constant within 1.25 is nearer than any use of B_simple asks for',
  refutedBy: 'an exponent outside [−1.1, −0.9], or a constant that is not tr Σ',
  power: {
    pilot:
      'seeds 0 and 1, 20 draws of five B at steps 10 and 100: exponents −1.011, −1.009, −0.975 and −1.013, constants 1.02, 0.97, 0.95 and 0.94',
    scatter: 0.02,
    distance: 0.09,
    units: 5,
  },
  study: gradientDraws,
  effects: (found, protocol) => [...slopes(found, protocol, mixed), ...levels(found, protocol, mixed)],
  controls: (found, protocol) => [
    {
      name: 'batches of one class',
      removes: 'their examples are not drawn independently of each other',
      effects: [
        ...slopes(found, protocol, (evidence) => evidence.oneClass),
        ...levels(found, protocol, (evidence) => evidence.oneClass),
      ],
    },
  ],
  sensitivity: (found, protocol) => [
    { name: 'B up to 64 alone', effects: slopes(found, protocol, between(1, 64)) },
    { name: 'B from 8 alone', effects: slopes(found, protocol, between(8, Number.POSITIVE_INFINITY)) },
  ],
  plantedAs: {
    effect: 'independent examples, their gradients as scattered as the pilot’s',
    null: 'examples of a batch correlated by so much that the exponent is −0.9',
  },
  plant: (truth, protocol, seed) =>
    gradientDraws.cells(protocol).map((cell) => ({ cell, evidence: planted(truth === 'null', cell, seed) })),
  panels: (found, protocol) => [variancePanel(found, protocol)],
});

/** Of the estimates' relative error: |G_B − G|² has some tens of effective dimensions, and heavier tails at B = 1. */
const EFFECTIVE_DIMENSIONS = 12;

/** The intraclass correlation ρ at which ρ + (1 − ρ)/B has an exponent of −0.9 over the protocol's B. */
function correlationAtMargin(batchSizes: readonly number[]): number {
  const slope = (rho: number): number =>
    powerLawSlope(batchSizes.map((B) => ({ x: B, y: rho + (1 - rho) / B })))!;
  let [low, high] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (slope(middle) < SLOPE[1]) low = middle;
    else high = middle;
  }
  return high;
}

function planted(
  correlated: boolean,
  { batchSizes, draws, unit, step }: GradientDrawsCell,
  seed: number,
): GradientDrawsEvidence {
  const rho = correlated ? correlationAtMargin(batchSizes) : 0;
  const draw = (stream: number, of: (B: number) => number): MeanDistance[] =>
    batchSizes.map((batchSize, b) => {
      const relative = Math.sqrt((2 / EFFECTIVE_DIMENSIONS + 4 / batchSize) / draws);
      const mean = of(batchSize) * Math.exp(relative * normal(seed, stream, 31 * unit + step, b));
      return { batchSize, mean };
    });
  return {
    loss: 1,
    gradNormSq: 0.1,
    traceCovariance: 10,
    mixed: draw(201, (B) => 10 * (rho + (1 - rho) / B)),
    oneClass: draw(202, (B) => 10 * (0.3 + 0.7 / B)),
  };
}

function variancePanel(found: Found, { checkpoints, batchSizes }: GradientDrawsProtocol): Panel {
  const at = (step: number, of: Of, batchSize: number): number => {
    const cells = found.filter(({ cell }) => cell.step === step);
    const logs = cells.map(({ evidence }) =>
      Math.log(of(evidence).find((each) => each.batchSize === batchSize)!.mean / evidence.traceCovariance),
    );
    return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
  };
  const line = (
    name: string,
    y: (B: number) => number,
    look: { dashed?: boolean; marked?: boolean } = {},
  ) => ({
    mark: 'line' as const,
    name,
    points: batchSizes.map((B) => ({ x: B, y: y(B) })),
    look,
  });
  const last = checkpoints.at(-1)!;
  return {
    title: 'Distance of a mini-batch’s gradient from that of all examples',
    x: { label: 'B', log: true },
    y: { label: '|G_B − G|²/tr Σ, mean', log: true },
    marks: [
      line('1/B', (B) => 1 / B, { dashed: true }),
      ...checkpoints.map((step) => line(`step ${step}`, (B) => at(step, mixed, B), { marked: true })),
      line(`one class, step ${last}`, (B) => at(last, (evidence) => evidence.oneClass, B), { marked: true }),
    ],
  };
}
