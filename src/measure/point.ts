import { type Dataset, fitDataset } from '../data/dataset.ts';
import type { Gpu } from '../gpu/device.ts';
import { InputError } from '../host/inputError.ts';
import { showValue } from '../host/showValue.ts';
import { requireBatches } from '../nn/batchNorm.ts';
import { requireSupported } from '../nn/forward.ts';
import { type GivenTensors, givenTensors } from '../nn/givenTensors.ts';
import { isCoupled } from '../nn/isCoupled.ts';
import { matchModules } from '../nn/matchModules.ts';
import { type LayerSpec, type LossName, type ModelSpec, stateDictLayout } from '../nn/modelSpec.ts';
import { loadStateDict, type PlaceHints, type StateValues } from '../nn/stateDict.ts';
import { ModelPoint } from './modelPoint.ts';
import { openPoint } from './openPoint.ts';
import { requireOneBatch } from './requireOneBatch.ts';

/** A model, its weights and the data that it is to be measured on. */
export interface PointSettings {
  /** Layers, with the loss beside them; or both together, as `nn.parseModel` gives them. */
  readonly model: readonly LayerSpec[] | ModelSpec;
  /** `cross_entropy` by default. */
  readonly loss?: LossName;
  /**
   * The state dict by name, in PyTorch's shapes: what `data.readSafetensors` or a run's `stateDict` gives, or an object of
   * Float32Arrays.
   */
  readonly weights: GivenTensors;
  /** Only names under it ("module.", "replica.0."), and they without it. */
  readonly weightsPrefix?: string;
  /** The weights are those of modules of other names, which shapes and order match to the layers. */
  readonly weightsByOrder?: boolean;
  /** Flattened where the first layer is a Linear of as many features. */
  readonly data: Dataset;
  /** `train` by default: BatchNorm normalises by the batch, all examples as one. `eval`: by its running statistics. Dropout drops nothing in either. */
  readonly mode?: 'train' | 'eval';
  /** Each so many consecutive examples are one unit, a batch of its own; what is said of examples is said of units then. */
  readonly ghostBatch?: number;
}

const HINTS: PlaceHints = {
  prefix: (found) => `weightsPrefix: ${JSON.stringify(found)}`,
  byOrder: 'weightsByOrder: true',
};

/**
 * Brings a model, its weights and data to the device, to be measured: see `ModelPoint`. Everything is checked before anything is made.
 * @example
 * const weights = readSafetensors('model.safetensors', await readFile('model.safetensors'));
 * using at = await point(gpu, { model: sequential(linear(784, 128), relu(), linear(128, 10)), weights, data });
 * const { bSimple } = await at.measure(noise());
 * @throws InputError for weights that are missing, unknown, of a wrong shape or not finite, data that do not fit the model, and batches that
 *   BatchNorm cannot have or the device cannot hold; each by name
 * @throws LimitError if parameters or data pass the adapter's largest storage binding
 */
export async function point(gpu: Gpu, settings: PointSettings): Promise<ModelPoint> {
  const { mode = 'train', ghostBatch, data } = settings;
  if (mode !== 'train' && mode !== 'eval') {
    throw new InputError('point', 'mode', `is ${showValue(mode)}, expected 'train' or 'eval'`);
  }
  if (ghostBatch !== undefined && !(Number.isInteger(ghostBatch) && ghostBatch >= 1)) {
    throw new InputError('point', 'ghostBatch', `is ${showValue(ghostBatch)}, expected a positive integer`);
  }
  const model = modelOf(settings);
  const { dataset, shapes } = fitDataset(data, model, 'model');
  requireSupported('model', model, shapes);
  const weights = weightsOf(model, settings);
  if (isCoupled({ model, context: { mode } })) {
    const N = dataset.examples;
    const batch = Math.min(N, ghostBatch ?? N);
    const batchSizes = [batch, N % batch || batch];
    requireBatches('model', model, shapes, { batchSizes, measures: false, passes: null });
    const remedies = { ghostBatch: 'ghostBatch', evalMode: "mode: 'eval'" };
    await requireOneBatch(gpu, dataset.name, { model, dataset, mode, ghostBatch }, shapes, remedies);
  }
  const { point: made, dispose } = openPoint(gpu, { model, mode, dataset, weights, ghostBatch });
  return new ModelPoint(gpu, made, { dispose });
}

function modelOf({ model, loss }: PointSettings): ModelSpec {
  if (!('layers' in model)) return { layers: [...model], loss: loss ?? 'cross_entropy' };
  if (loss !== undefined && loss !== model.loss) {
    throw new InputError('point', 'loss', `is ${loss}, and the model's is ${model.loss}: give one of them`);
  }
  return model;
}

function weightsOf(
  model: ModelSpec,
  { weights, weightsPrefix: prefix, weightsByOrder }: PointSettings,
): StateValues {
  const layout = stateDictLayout(model);
  const tensors = givenTensors('weights', weights, layout, prefix);
  const names = weightsByOrder ? matchModules('weights', tensors, layout, prefix) : undefined;
  return loadStateDict('weights', tensors, layout, { prefix, names, hints: HINTS });
}
