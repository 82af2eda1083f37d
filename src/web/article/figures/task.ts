import type { JobSpec } from '../../../jobs/job.ts';
import type { TrainSpec } from '../../../jobs/trainSpec.ts';

/** Classes that overlap, so that no network has a loss of 0 on new data; drawn in the browser, so that nothing is fetched. */
export function clusters({ examples, test }: { readonly examples: number; readonly test: number }): string {
  return `gaussian-clusters?examples=${examples}&test=${test}&classes=8&dims=16&spread=1.5`;
}

/** A network that a software adapter, too, trains in a moment. */
export const NETWORK = { hidden: [32], activation: 'ReLU' as const };

/** For second derivatives, which ReLU has only in pieces. */
export const SMOOTH_NETWORK = { hidden: [16], activation: 'Tanh' as const };

/** Networks that differ in their learning rates alone, trained side by side. */
export function atRates(
  rates: readonly number[],
  settings: Omit<TrainSpec, 'model' | 'optimizer' | 'replicas'>,
): JobSpec {
  return {
    job: 'train',
    model: NETWORK,
    optimizer: { type: 'sgd', lr: rates[0]! },
    replicas: rates.map((lr) => ({ lr })),
    ...settings,
  };
}
