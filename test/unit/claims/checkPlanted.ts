import { expect } from 'vitest';
import type { Experiment, Truth } from '../../../src/experiments/experiment.ts';

const SEEDS = 40;

/** Three standard deviations of a share of so many seeds. */
function binomial(share: number): number {
  return 3 * Math.sqrt((share * (1 - share)) / SEEDS);
}

/** Of planted nulls at most 5 % may be reproduced, of planted effects at least 80 % must be: within three standard deviations of 40 seeds. */
export function checkPlanted(claim: Experiment): void {
  const { standard } = claim.presets;
  const reproduced = (truth: Truth): number =>
    Array.from({ length: SEEDS }, (_, seed) =>
      claim.verdictOf!(claim.plant!(truth, standard, seed), standard),
    ).filter((verdict) => verdict === 'reproduced').length / SEEDS;
  expect(reproduced('null')).toBeLessThanOrEqual(0.05 + binomial(0.05));
  expect(reproduced('effect')).toBeGreaterThanOrEqual(0.8 - binomial(0.8));
}
