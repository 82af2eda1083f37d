import type { Dataset } from '../../data/dataset.ts';
import type { Gpu } from '../../gpu/device.ts';
import { point } from '../../measure/point.ts';
import type { ModelSpec } from '../../nn/modelSpec.ts';
import type { StateValues } from '../../nn/stateDict.ts';

/** A smooth network at some weights. */
export interface At {
  readonly model: ModelSpec;
  readonly weights: StateValues;
  readonly dataset: Dataset;
}

/** The largest eigenvalue of the Hessian of the loss over all of the data, by Lanczos's process to its end. */
export async function lambdaMaxAt(gpu: Gpu, { model, weights, dataset }: At): Promise<number> {
  const at = await point(gpu, { model, weights, data: dataset, mode: 'eval' });
  try {
    return (await at.hessian().eigenvalues(1)).pairs[0]!.value;
  } finally {
    at.dispose();
  }
}
