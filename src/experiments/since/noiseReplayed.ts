import { claim } from '../claim.ts';
import type { Panel } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import { endPanels, endsOverSgd, type NoiseUnits, SAME } from './noiseEnds.ts';
import { type NoiseCell, type NoiseEvidence, type NoiseProtocol, noiseStudy } from './noiseStudy.ts';
import { plantEnds } from './plantNoise.ts';

/** Standard errors by which the largest of the deviations may be off: of ten of none it is 1.7 on average. */
const DEVIATION = 3;

/** The largest deviation of variances from those of Σ, over the standard error that a mean square of so many normal draws has. */
function largestDeviation(
  { exact, draws }: NoiseEvidence['covariance'],
  variance: (k: number) => number,
): number {
  return Math.max(...exact.map((of, k) => Math.abs(variance(k) - of) / (of * Math.sqrt(2 / draws))));
}

function effects(found: NoiseUnits): Measured[] {
  return [
    {
      name: 'Covariance off Σ, standard errors',
      values: found.map(({ evidence: { covariance } }) =>
        largestDeviation(covariance, (k) => covariance.drawn[k]!),
      ),
      margin: [null, DEVIATION],
    },
    ...endsOverSgd(found, 'covariance'),
  ];
}

export const noiseReplayed = claim<NoiseProtocol, NoiseCell, NoiseEvidence>({
  id: 'noise-replayed',
  version: 1,
  paper: 'since',
  study: noiseStudy,
  statement:
    'Gradient descent with noise of the mini-batches’ covariance ends where SGD does; with as much noise in all directions alike it does not',
  source:
    'Wu et al. 2020, Li et al. 2021 (SVAG); centred signs: (1/√(NB))Σ(s_n − s̄)g_n has the covariance Σ/B',
  population:
    'perceptrons (tanh, 16 hidden units) on 256 images of MNIST pooled to 14 × 14, a tenth of whose labels are replaced; batches of 8 drawn with replacement, ε = 0.1',
  unit: 'a perceptron with its own initial weights, subset and label noise; runs of its arms with other draws are averaged',
  prediction: `Along the Hessian’s first ten eigenvectors the variance of 256 draws of centred signs is that of Σ/B within ${DEVIATION} standard errors. At the end of 1,152 steps λ_max is within a factor of ${SAME.lambda} of SGD’s, |θ − θ₀| within ${SAME.distance} and the test loss within ${SAME.testLoss}: large against small batches differ by 1.3 and more in λ_max and by 1.05 and more in distance (Keskar et al. 2017), and what stays below that is the same. Two one-sided tests for each.`,
  refutedBy:
    'Ends of SGD that noise of the same covariance does not come to, or that isotropic noise comes to as well.',
  power: {
    pilot:
      'Seed 0, 768 steps: λ_max 0.98, distance 0.99 and test loss 0.99 times SGD’s, the largest deviation of the covariance 1.4 standard errors; isotropic noise 1.16, 1.06 and 1.01 times, no noise 1.21, 1.00 and 1.01 times. Runs with other draws scatter by 2 %, 0.4 % and 2 %. Of the test loss',
    scatter: 0.02,
    distance: 0.042,
    units: 8,
  },
  effects,
  controls: (found) => [
    {
      name: 'isotropic noise of equal trace',
      removes: 'the noise has no directions: its covariance is tr Σ/(BP) along each',
      effects: endsOverSgd(found, 'isotropic'),
    },
    {
      name: 'gradient descent',
      removes: 'there is no noise',
      effects: endsOverSgd(found, 'whole'),
    },
  ],
  sensitivity: (found) => [
    { name: 'SVAG in the place of noise by signs', effects: endsOverSgd(found, 'svag') },
  ],
  plantedAs: {
    effect: 'ends with the scatter of the pilot about those of SGD, and variances of 256 normal draws',
    null: 'a λ_max that is 1.15 times SGD’s, at the edge of the margin',
  },
  plant: plantEnds('covariance'),
  panels: (found) => [covariancePanel(found), ...endPanels(found)],
});

function covariancePanel(found: NoiseUnits): Panel {
  return {
    title: 'Variance along eigenvectors over Σ’s',
    x: { label: 'eigenvector' },
    y: { label: 'variance over vᵀΣv/B', log: true },
    marks: [
      {
        mark: 'dots',
        name: 'centred signs',
        points: found.flatMap(({ evidence: { covariance } }) =>
          covariance.exact.map((of, k) => ({ x: k + 1, y: covariance.drawn[k]! / of })),
        ),
      },
      {
        mark: 'dots',
        name: 'isotropic',
        points: found.flatMap(({ evidence: { covariance } }) =>
          covariance.exact.map((of, k) => ({ x: k + 1, y: covariance.isotropic / of })),
        ),
      },
    ],
  };
}
