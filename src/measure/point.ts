import { type Dataset, fitDataset } from '../data/dataset.ts';
import { requireDataset } from '../data/requireDataset.ts';
import type { Gpu } from '../gpu/device.ts';
import { requireGpu } from '../gpu/requireGpu.ts';
import { InputError } from '../host/inputError.ts';
import { requireAwaited } from '../host/requireAwaited.ts';
import { showValue } from '../host/showValue.ts';
import { requireBatches } from '../nn/batchNorm.ts';
import { type GivenWeights, givenWeights } from '../nn/givenWeights.ts';
import { isCoupled } from '../nn/isCoupled.ts';
import { type GivenModel, modelFrom } from '../nn/modelFrom.ts';
import type { LossName } from '../nn/modelSpec.ts';
import { type ModelPoint, modelPoint } from './modelPoint.ts';
import { openPoint } from './openPoint.ts';
import { requireOneBatch } from './requireOneBatch.ts';

/** A model, its weights and the data that it is to be measured on. */
export interface PointSettings extends GivenWeights {
  /** Layers, with the loss beside them; or both together, as `nn.parseModel` gives them. */
  readonly model: GivenModel;
  /** `cross_entropy` by default. */
  readonly loss?: LossName | undefined;
  /** Flattened where the first layer is a Linear of as many features. */
  readonly data: Dataset;
  /** `train` by default: BatchNorm normalises by the batch, all examples as one. `eval`: by its running statistics. Dropout drops nothing in either. */
  readonly mode?: 'train' | 'eval' | undefined;
  /** Each so many consecutive examples are one unit, a batch of its own; what is said of examples is said of units then. */
  readonly ghostBatch?: number | undefined;
}

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
  requireGpu('point', gpu);
  if (typeof settings !== 'object' || settings === null) {
    const expected = 'expected { model, weights, data, … } as the second argument';
    throw new InputError('point', 'settings', `found ${showValue(settings)}, ${expected}`);
  }
  for (const [key, value] of Object.entries(settings)) requireAwaited('point', key, value);
  const { mode = 'train', ghostBatch, data } = settings;
  if (mode !== 'train' && mode !== 'eval') {
    throw new InputError('point', 'mode', `is ${showValue(mode)}, expected 'train' or 'eval'`);
  }
  if (ghostBatch !== undefined && !(Number.isInteger(ghostBatch) && ghostBatch >= 1)) {
    throw new InputError('point', 'ghostBatch', `is ${showValue(ghostBatch)}, expected a positive integer`);
  }
  requireDataset('point', 'data', data);
  const model = modelFrom('model', settings.model, settings.loss);
  const { dataset, shapes } = fitDataset(data, model, 'model');
  const weights = givenWeights(model, settings);
  if (isCoupled({ model, context: { mode } })) {
    const N = dataset.examples;
    const batch = Math.min(N, ghostBatch ?? N);
    const batchSizes = [batch, N % batch || batch];
    requireBatches('model', model, shapes, { batchSizes, measures: false, passes: null });
    const remedies = { ghostBatch: 'ghostBatch', evalMode: "mode: 'eval'" };
    await requireOneBatch(gpu, dataset.name, { model, dataset, mode, ghostBatch }, shapes, remedies);
  }
  const { point: made, dispose } = openPoint(gpu, { model, mode, dataset, weights, ghostBatch });
  return modelPoint(gpu, made, { dispose });
}
