import type { Dataset } from '../data/dataset.ts';
import type { Gpu } from '../gpu/device.ts';
import { type Branch, smoothedLoss } from '../measure/statistics/branchedCriticalBatch.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import type { StateValues } from '../nn/stateDict.ts';
import { TrainingRun } from '../train/trainingRun.ts';

/** A branch from a snapshot. */
export interface BranchOptions {
  readonly model: ModelSpec;
  readonly dataset: Dataset;
  /** The snapshot's state dict. */
  readonly weights: StateValues;
  readonly batchSize: number;
  readonly lr: number;
  /** k. */
  readonly factor: number;
  /** Examples that the branch takes, a multiple of kB. */
  readonly window: number;
  /** Of the order of examples: one replica each. */
  readonly seeds: readonly number[];
  /** Examples after which a loss weighs half in the average. */
  readonly halfLife: number;
}

/**
 * Goes on from a snapshot by plain SGD with batches of kB at the rate εk, for a window of examples (Merrill et al. 2025, their rule
 * for SGD): one program, its seeds the replicas. Yields how many steps are done.
 * @throws RangeError where the window is no multiple of the batch
 */
export async function* runBranch(
  gpu: Gpu,
  { model, dataset, weights, batchSize, lr, factor, window, seeds, halfLife }: BranchOptions,
): AsyncGenerator<{ readonly done: number; readonly total: number }, Branch, void> {
  const B = factor * batchSize;
  if (window % B !== 0) {
    throw new RangeError(`a window of ${window} examples is no multiple of a batch of ${B}`);
  }
  const steps = window / B;
  const run = await TrainingRun.open(gpu, {
    model,
    dataset,
    steps,
    batches: [{ fromStep: 0, batchSize: B }],
    sampling: 'shuffle',
    replicas: seeds.map((seed) => ({
      seed,
      settings: { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
      rates: new Float32Array(steps).fill(factor * lr),
      weights,
    })),
  });
  const losses: number[][] = seeds.map(() => []);
  try {
    for await (const readings of run.steps()) {
      for (const { replica, loss } of readings) losses[replica]!.push(loss);
      yield { done: losses[0]!.length, total: steps };
    }
  } finally {
    run.dispose();
  }
  return { factor, losses: losses.map((each) => smoothedLoss(each, B, halfLife)) };
}
