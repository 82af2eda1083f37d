import type { Command } from 'commander';
import { registerCriticalBatch } from './criticalBatch.ts';
import { registerOptimalStep } from './optimalStep.ts';

/** `basin experiment …`: a paper's claim, its protocol, and a verdict. */
export function registerExperiment(program: Command): void {
  const experiment = program
    .command('experiment')
    .description('put a claim to the test: protocol, effect sizes with intervals, verdict');
  registerOptimalStep(experiment);
  registerCriticalBatch(experiment);
}
