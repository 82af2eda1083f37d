import { type Dataset, fitDataset } from '../data/dataset.ts';
import { loadDataset } from '../data/loadDataset.ts';
import { readWeights } from '../data/readWeights.ts';
import type { Gpu } from '../gpu/device.ts';
import { type OneBatchRemedies, requireOneBatch } from '../measure/requireOneBatch.ts';
import { requireBatches } from '../nn/batchNorm.ts';
import { isCoupled } from '../nn/isCoupled.ts';
import { requireParameters } from '../nn/modelFrom.ts';
import { type ModelSpec, parseModel, stateDictLayout } from '../nn/modelSpec.ts';
import type { StateValues } from '../nn/stateDict.ts';
import type { JobHost } from './jobEvent.ts';

/** The files of a job at one point, and how they are read, as its description has them. */
export interface PointFiles {
  readonly model: string;
  readonly weights: string;
  readonly data: string;
  readonly weights_prefix?: string | undefined;
  readonly weights_by_order?: boolean | undefined;
  readonly eval: boolean;
  readonly ghost_batch?: number | undefined;
}

/** A model, its weights and data, in host memory. */
export interface PointInput {
  readonly model: ModelSpec;
  readonly mode: 'train' | 'eval';
  readonly dataset: Dataset;
  /** The state dict by name. */
  readonly weights: StateValues;
  /** What was inferred from the files. */
  readonly notes: readonly string[];
}

/**
 * Reads what a job measures at one point.
 * @param remedies how messages call what helps where a batch does not fit
 * @param require refuses a model before its weights are read
 * @throws InputError for a file that is refused, for files that do not fit each other, and for a batch that does not fit on
 *   the device
 */
export async function readPointInput(
  gpu: Gpu,
  files: PointFiles,
  host: JobHost,
  remedies: OneBatchRemedies,
  require?: (coupled: boolean) => void,
): Promise<PointInput> {
  const { ghost_batch: ghostBatch } = files;
  const model = parseModel(files.model, await host.read(files.model));
  requireParameters(files.model, model);
  const { dataset, shapes } = fitDataset(await loadDataset(files.data, host), model, files.model);
  const mode = files.eval ? ('eval' as const) : ('train' as const);
  const coupled = isCoupled({ model, context: { mode } });
  require?.(coupled);
  const notes: string[] = [];
  const note = (text: string): unknown => notes.push(text);
  const weights = await readWeights(files.weights, stateDictLayout(model), files, host, note);
  if (coupled) {
    const N = dataset.examples;
    const batch = Math.min(N, ghostBatch ?? N);
    const batchSizes = [batch, N % batch || batch];
    requireBatches(files.model, model, shapes, { batchSizes, measures: false, passes: null });
    await requireOneBatch(gpu, files.data, { model, dataset, mode, ghostBatch }, shapes, remedies);
  }
  return { model, mode, dataset, weights, notes };
}
