import type { ClaimRecord } from '../../experiment.ts';

/** What a referee asks for of `optimalStep`. */
export const OPTIMAL_STEP_RECORD: ClaimRecord = {
  paper: 'mccandlish',
  population:
    'perceptrons 784-64-10 on 2,048 examples of MNIST each, by SGD with B = 64 and ε = 0.1, frozen after 100, 600 and 4,000 steps; steps with B = 8 to 2,048',
  unit: 'a trunk with initial weights, order, population and mini-batches of its own',
  prediction:
    'ε_opt(B) = ε_max/(1 + B_noise/B), ΔL_opt(B) likewise, and ΔL back to zero at 2ε_opt(B), with ε_max = |G|²/GᵀHG and B_noise = tr(HΣ)/GᵀHG measured, not fitted; margins of 1.5 (2 for B_noise) are those of version 1, set before any run: a rate that is 1.5 times the best one gives away a quarter of the progress',
  refutedBy:
    'an effect outside its margin at some step, or rates that a power law without saturation fits better',
  power: {
    pilot:
      'seeds 0 and 1 (populations of 512, 16 draws): ratios from 0.92 to 1.07, standard deviation 0.2 over trunks',
    scatter: 0.2,
    distance: 0.33,
    pooled: 3,
    units: 5,
  },
  earlier: [
    {
      version: 1,
      protocol:
        'one trunk, frozen at steps 100, 500 and 1,500; an unweighted fit, R² > 0.95, draws shared by all checkpoints',
      verdict: 'withdrawn',
      reason:
        'it passed at 3 of 3 checkpoints, of one trunk; R² > 0.95 is reached by a power law as well, 2ε_opt and ΔL_opt never entered the verdict, and its control, an isotropic H, was wrong by 10⁴ and could not pass',
      changed:
        'trunks as replicates with populations and draws of their own, weights from the draws, gain and break-even in the verdict, swapped checkpoints as control, the power law as rival; version 1’s result had been seen, its seed is not used again',
    },
  ],
};
