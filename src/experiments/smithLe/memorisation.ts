import { claim } from '../claim.ts';
import type { CellEvidence } from '../experiment.ts';
import type { Measured } from '../verdict/measured.ts';
import { meanOf } from './batchCurves.ts';
import {
  type EvidenceCell,
  type EvidenceEvidence,
  type EvidenceFit,
  type EvidenceProtocol,
  evidenceStudy,
} from './evidenceStudy.ts';
import { plantedEvidence } from './plantedEvidence.ts';

type Found = readonly CellEvidence<EvidenceCell, EvidenceEvidence>[];

/** E of a fit in nats: ln P(null)/P(model). */
type Against = (fit: EvidenceFit, examples: number) => number;
const evidenceOf: Against = ({ cost, halfLogDeterminant }, examples) =>
  cost + halfLogDeterminant - examples * Math.LN2;
const withoutOccam: Against = ({ cost }, examples) => cost - examples * Math.LN2;

function effectsOf(found: Found, against: Against, doubling = 1): Measured[] {
  const least = (key: 'truth' | 'random'): number[] =>
    found.map(({ cell, evidence }) => Math.min(...evidence[key].map((fit) => against(fit, cell.examples))));
  const memorised = (key: 'truth' | 'random'): number[] =>
    found.map(({ evidence }) => evidence[key][0]!.trainAccuracy);
  return [
    { name: 'least E, true labels, nats', values: least('truth'), margin: [null, -50 * doubling] },
    { name: 'least E, random labels, nats', values: least('random'), margin: [-1, null] },
    {
      name: 'memorised of true labels',
      values: memorised('truth'),
      margin: [0.99, null],
    },
    {
      name: 'memorised of random labels',
      values: memorised('random'),
      margin: [0.99, null],
    },
    {
      name: 'log10 of λ by E over λ by test',
      values: found.map(({ cell, evidence }) => {
        const byEvidence = leastAt(
          cell,
          evidence.truth.map((fit) => against(fit, cell.examples)),
        );
        const byTest = leastAt(
          cell,
          evidence.truth.map(({ testLoss }) => testLoss),
        );
        return byEvidence === null || byTest === null ? null : byEvidence - byTest;
      }),
      margin: [-1.5, 1.5],
    },
  ];
}

/** log10 λ where values are least, by the parabola through the least and its neighbours; null at an end of the grid. */
function leastAt({ lambdas }: EvidenceCell, values: readonly number[]): number | null {
  const at = values.indexOf(Math.min(...values));
  if (at === 0 || at === values.length - 1) return null;
  const [x0, x1, x2] = [at - 1, at, at + 1].map((i) => Math.log10(lambdas[i]!)) as [number, number, number];
  const [y0, y1, y2] = [values[at - 1]!, values[at]!, values[at + 1]!];
  const [left, right] = [(x1 - x0) * (y1 - y2), (x1 - x2) * (y1 - y0)];
  return x1 - (0.5 * ((x1 - x0) * left - (x1 - x2) * right)) / (left - right);
}

/** Memorisation in a linear model, and the evidence that explains it (Smith & Le 2018, section 3). */
export const memorisation = claim<EvidenceProtocol, EvidenceCell, EvidenceEvidence>({
  id: 'evidence',
  version: 1,
  paper: 'smith-le',
  statement:
    'A linear model memorises true and random labels alike, and the Bayesian evidence tells which of them it can generalise from',
  source: 'Smith & Le 2018, sections 2 and 3, figures 1 and 2',
  population:
    'logistic regressions on 800 images of T-shirts and trousers of Fashion-MNIST, 784 inputs and a bias, with priors over eight decades; not the paper’s digits 0 and 1, where the ' +
    'pilot’s test cross-entropy was flat to 0.0005 nats over five decades of λ and had no least value to speak of',
  unit: 'a draw of the training images and of the random labels; the solution is that of a convex problem and has no seed',
  prediction:
    'E = C(ω₀) + ½ Σ ln(λᵢ/λ) − N ln 2 is below −50 nats for true labels at the best λ, and for random ones nowhere below 0 but for the draw: as λ → ∞ it is ' +
    'that of guessing, ± (|g|² − tr H)/2λ, so that the margin is −1 nat, which is “not worth more than a bare mention” (Kass & Raftery 1995). Both are memorised: ' +
    '99 % of the training labels at the weakest prior. The λ of the least E is within 1.5 decades of that of the least test cross-entropy, on eight decades',
  refutedBy:
    'evidence for random labels, or none for true ones, or a best λ decades away from that of the test set',
  power: {
    pilot:
      'seeds 0 and 1: E −483 and −489 nats for true labels, 2.0 and 2.1 at the least for random ones, the best λ 0.1 and 0.3 decades apart, of which the scatter and distance are; in planted evidence, where a grid of whole decades scatters them by half a decade, six units find 92 % of the effects',
    scatter: 0.5,
    distance: 1.3,
    units: 6,
  },
  study: evidenceStudy,
  effects: (found) => effectsOf(found, evidenceOf),
  controls: (found) => [
    {
      name: 'cost alone',
      removes: 'Occam’s factor, ½ Σ ln(λᵢ/λ), is set to 0',
      effects: effectsOf(found, withoutOccam),
    },
  ],
  sensitivity: (found) => [
    { name: 'twice the evidence for true labels', effects: effectsOf(found, evidenceOf, 2) },
  ],
  plantedAs: {
    effect: 'a quadratic cost that labels lower by 300 nats',
    null: 'one whose labels say nothing: what they lower it by, any labels do',
  },
  plant: (truth, protocol, seed) => plantedEvidence(truth === 'effect' ? 300 : 0, protocol, seed),
  panels: (found) => {
    const curves = (y: (fit: EvidenceFit, examples: number) => number) =>
      (['truth', 'random'] as const).map((key) => ({
        mark: 'line' as const,
        name: key === 'truth' ? 'true labels' : 'random labels',
        look: { marked: true },
        points: (found[0]?.cell.lambdas ?? []).map((x, i) => ({
          x,
          y: meanOf(found.map(({ cell, evidence }) => y(evidence[key][i]!, cell.examples))),
        })),
      }));
    const x = { label: 'λ', log: true };
    return [
      {
        title: 'Evidence against the model',
        x,
        y: { label: 'E, nats, mean over units' },
        marks: curves(evidenceOf),
      },
      {
        title: 'Training accuracy',
        x,
        y: { label: 'share told right' },
        marks: curves((fit) => fit.trainAccuracy),
      },
      {
        title: 'Test accuracy',
        x,
        y: { label: 'share told right' },
        marks: curves((fit) => fit.testAccuracy),
      },
      {
        title: 'Test cross-entropy',
        x,
        y: { label: 'nats', log: true },
        marks: curves((fit) => fit.testLoss),
      },
    ];
  },
});
