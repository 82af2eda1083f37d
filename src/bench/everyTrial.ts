import type { TrialFamilies } from '../selftest/trial.ts';
import { engineTrials } from '../selftest/trials.ts';
import { ceilingTrials } from './ceilingCases.ts';
import { ladderTrials } from './ladder/ladderCases.ts';

/** Every kernel that Basin ships, by family: the engine's, and those that only benchmarks run. */
export const everyTrial: TrialFamilies = {
  ...engineTrials,
  ladders: ladderTrials,
  ceilings: ceilingTrials,
};
