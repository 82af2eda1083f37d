import { claim } from '../claim.ts';
import { endPanels, endsOverSgd, SAME } from '../since/noiseEnds.ts';
import { type NoiseCell, type NoiseEvidence, type NoiseProtocol, noiseStudy } from '../since/noiseStudy.ts';
import { plantEnds } from '../since/plantNoise.ts';

/** Whether SGD is near to its stochastic differential equation: SVAG with l goes to it as l grows, and l = 1 is SGD. */
export const svag = claim<NoiseProtocol, NoiseCell, NoiseEvidence>({
  id: 'svag',
  version: 1,
  paper: 'smith-le',
  study: noiseStudy,
  statement:
    'SGD ends where steps nearer to its stochastic differential equation do: l times as many of ε/l, their noise l times as large',
  source: 'Smith & Le 2018, section 4, eqs. 11 to 14; by the simulation of Li, Malladi & Arora 2021 (SVAG)',
  population:
    'perceptrons (tanh, 16 hidden units) on 256 images of MNIST pooled to 14 × 14, a tenth of whose labels are replaced; batches of 8 drawn with replacement, ε = 0.1',
  unit: 'a perceptron with its own initial weights, subset and label noise; runs of its arms with other draws are averaged',
  prediction: `With l = 4 in place of 1 the equation is four times as near, and if it is a fair model of SGD nothing that a run ends with changes: λ_max within a factor of ${SAME.lambda} of SGD’s, |θ − θ₀| within ${SAME.distance} and the test loss within ${SAME.testLoss}, less than what the batch size changes (Keskar et al. 2017). Two one-sided tests for each.`,
  refutedBy: 'An end of SVAG, λ_max, distance or test loss, that is not SGD’s.',
  power: {
    pilot:
      'Seed 0, 768 steps: λ_max 0.97, distance 1.00 and test loss 0.98 times SGD’s; runs with other draws scatter by 2 %, 0.4 % and 2 %. Of the test loss',
    scatter: 0.02,
    distance: 0.029,
    units: 8,
  },
  effects: (found) => endsOverSgd(found, 'svag'),
  controls: (found) => [
    {
      name: 'gradient descent',
      removes: 'the equation’s noise is left out',
      effects: endsOverSgd(found, 'whole'),
    },
    {
      name: 'isotropic noise of equal trace',
      removes: 'the noise is not of the gradients’ covariance',
      effects: endsOverSgd(found, 'isotropic'),
    },
  ],
  sensitivity: (found) => [
    { name: 'noise of the same covariance by centred signs', effects: endsOverSgd(found, 'covariance') },
  ],
  plantedAs: {
    effect: 'ends with the scatter of the pilot about those of SGD',
    null: 'a λ_max that is 1.15 times SGD’s, at the edge of the margin',
  },
  plant: plantEnds('svag'),
  panels: endPanels,
});
