import { type Dataset, fitDataset } from '../../data/dataset.ts';
import { loadDataset } from '../../data/loadDataset.ts';
import { readWeights } from '../../data/readWeights.ts';
import { readSafetensors } from '../../data/safetensors.ts';
import type { Gpu } from '../../gpu/device.ts';
import { InputError } from '../../host/inputError.ts';
import { requireOneBatch } from '../../measure/requireOneBatch.ts';
import { requireBatches } from '../../nn/batchNorm.ts';
import { requireSupported } from '../../nn/forward.ts';
import { isCoupled } from '../../nn/isCoupled.ts';
import { type ModelSpec, parseModel, type StateTensor, stateDictLayout } from '../../nn/modelSpec.ts';
import { loadStateDict, type StateValues } from '../../nn/stateDict.ts';
import type { JobHost } from '../jobEvent.ts';
import type { MeasureSettings } from './measureSpec.ts';
import { WORDS } from './warnings.ts';

/** What a measurement reads, in host memory. */
export interface MeasureInput {
  readonly model: ModelSpec;
  readonly mode: 'train' | 'eval';
  readonly dataset: Dataset;
  /** The state dict by name. */
  readonly weights: StateValues;
  /** What the Hessian is to be multiplied by, by the parameters' names. */
  readonly vector: StateValues | null;
  /** What was inferred from the files. */
  readonly notes: readonly string[];
}

/**
 * Reads the files of a measurement.
 * @throws InputError for a file that is refused, for files that do not fit each other, and for a batch that does not fit on
 *   the device
 */
export async function readMeasureInput(
  gpu: Gpu,
  spec: MeasureSettings,
  host: JobHost,
): Promise<MeasureInput> {
  const model = parseModel(spec.model, await host.read(spec.model));
  const { dataset, shapes } = fitDataset(await loadDataset(spec.data, host), model, spec.model);
  requireSupported(spec.model, model, shapes);
  const mode = spec.eval ? ('eval' as const) : ('train' as const);
  const coupled = isCoupled({ model, context: { mode } });
  if (spec.operator === 'empirical-fisher' && spec.ghost_batch === undefined && coupled) {
    throw new InputError(
      'measure',
      'operator',
      'empirical-fisher needs examples with gradients of their own, and BatchNorm in train mode couples them; ' +
        'take --eval, or --ghost-batch',
    );
  }
  const layout = stateDictLayout(model);
  const notes: string[] = [];
  const weights = await readWeights(spec.weights, layout, spec, host, (text) => notes.push(text));
  const vector = spec.hvp === undefined ? null : await readVector(spec.hvp, layout, host);
  if (coupled) {
    const N = dataset.examples;
    const batch = Math.min(N, spec.ghost_batch ?? N);
    const batchSizes = [batch, N % batch || batch];
    requireBatches(spec.model, model, shapes, { batchSizes, measures: false, passes: null });
    await requireOneBatch(
      gpu,
      spec.data,
      { model, dataset, mode, ghostBatch: spec.ghost_batch },
      shapes,
      WORDS,
    );
  }
  return { model, mode, dataset, weights, vector, notes };
}

/** A vector by state-dict names of parameters; what a state dict holds beside them is left alone. */
async function readVector(path: string, layout: readonly StateTensor[], host: JobHost): Promise<StateValues> {
  const tensors = readSafetensors(path, await host.read(path));
  for (const { name, kind } of layout) if (kind === 'buffer') tensors.delete(name);
  return loadStateDict(
    path,
    tensors,
    layout.filter(({ kind }) => kind === 'parameter'),
  );
}
