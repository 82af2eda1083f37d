import { expect } from 'vitest';
import type { Experiment, Truth } from '../../../src/experiments/experiment.ts';

const SEEDS = 40;

/** Share of planted cases that are reproduced. */
export function reproducedShare(experiment: Experiment, truth: Truth, seeds = SEEDS): number {
  const { standard } = experiment.presets;
  const verdicts = Array.from({ length: seeds }, (_, seed) =>
    experiment.verdictOf!(experiment.plant!(truth, standard, seed), standard),
  );
  return verdicts.filter((verdict) => verdict === 'reproduced').length / seeds;
}

/** Nulls at 5 % and effects at 80 %, with three standard deviations of the binomial either way. */
export function requireJudgedRight(experiment: Experiment): void {
  const reach = (share: number): number => 3 * Math.sqrt((share * (1 - share)) / SEEDS);
  expect(reproducedShare(experiment, 'null')).toBeLessThanOrEqual(0.05 + reach(0.05));
  expect(reproducedShare(experiment, 'effect')).toBeGreaterThanOrEqual(0.8 - reach(0.8));
}
