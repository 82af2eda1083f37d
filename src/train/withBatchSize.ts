import type { Gpu } from '../gpu/device.ts';
import { TrainingRun } from './trainingRun.ts';

/**
 * The same run with another B from its next step on: opened anew, with the programs of that size, over the states that it had. The one
 * that was given is freed first, so that the device never holds both; `steps` gives the readings of all steps so far again.
 * @throws LimitError if the device cannot hold it, InputError if the run is past its last step; the run is then gone
 */
export async function withBatchSize(gpu: Gpu, run: TrainingRun, batchSize: number): Promise<TrainingRun> {
  const state = await run.snapshot();
  const { options } = run;
  run.dispose();
  const sizes = new Set([...(options.furtherSizes ?? []), batchSize]);
  const resized = await TrainingRun.open(gpu, { ...options, furtherSizes: [...sizes] });
  const changes = [...state.changes, { from: state.step, batchSize }];
  resized.restore('the run', { ...state, changes });
  return resized;
}
