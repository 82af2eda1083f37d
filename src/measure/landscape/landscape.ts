import { type Dataset, fitDataset } from '../../data/dataset.ts';
import { requireDataset } from '../../data/requireDataset.ts';
import type { Gpu } from '../../gpu/device.ts';
import { requireGpu } from '../../gpu/requireGpu.ts';
import { InputError } from '../../host/inputError.ts';
import { requireAwaited } from '../../host/requireAwaited.ts';
import { requireCount } from '../../host/requireNumber.ts';
import { requireOptions } from '../../host/requireOptions.ts';
import { showValue } from '../../host/showValue.ts';
import { namedValues } from '../../nn/flatValues.ts';
import { parameterLayout } from '../../nn/forward.ts';
import type { GivenTensors } from '../../nn/givenTensors.ts';
import { type GivenWeights, givenWeights } from '../../nn/givenWeights.ts';
import { type GivenModel, modelFrom } from '../../nn/modelFrom.ts';
import type { LossName } from '../../nn/modelSpec.ts';
import {
  type LandscapeInput,
  type LandscapeProgress,
  type NamedWeights,
  requireStatisticsPass,
  type StatisticsMode,
} from './landscapeInput.ts';
import type { LineResult, PlaneResult, RaysResult } from './landscapeResult.ts';
import { lossOnLine } from './line.ts';
import { lossOnPlane } from './plane.ts';
import { lossOnRays } from './rays.ts';

/** What every landscape is of. */
export interface LandscapeSettings {
  /** Layers, with the loss beside them; or both together, as `nn.parseModel` gives them. */
  readonly model: GivenModel;
  /** `cross_entropy` by default. */
  readonly loss?: LossName | undefined;
  /** Flattened where the first layer is a Linear of as many features. */
  readonly data: Dataset;
  /** Loss and right answers of these examples as well, such as the `test` of a data set. */
  readonly test?: Dataset | undefined;
  /** BatchNorm's running statistics at a point: `recompute` (the default) by a pass over `data` there, or those that are `stored` in the weights. */
  readonly batchNorm?: StatisticsMode | undefined;
  /** Examples of a batch of that pass, in file order, the last one shorter; 256 by default. */
  readonly bnBatchSize?: number | undefined;
  /** Is told how many points are done. */
  readonly onProgress?: ((progress: LandscapeProgress) => void) | undefined;
}

/** Weights of a landscape: the state dict by name, or with where among given tensors it is. */
export type LandscapeWeights = GivenTensors | GivenWeights;

/** Settings of `line`. */
export interface LineSettings extends LandscapeSettings {
  /** At t = 0. */
  readonly from: LandscapeWeights;
  /** At t = 1. */
  readonly to: LandscapeWeights;
  /** Of t, ends included; [−1, 2] by default. */
  readonly range?: readonly [number, number] | undefined;
  /** 25 by default. */
  readonly points?: number | undefined;
  /** cos(tπ/2) and sin(tπ/2) as weights of the two, not 1 − t and t. */
  readonly curved?: boolean | undefined;
}

/** Settings of `plane`. */
export interface PlaneSettings extends LandscapeSettings {
  /** Three solutions, not on one line. */
  readonly through: readonly [LandscapeWeights, LandscapeWeights, LandscapeWeights];
  /** Further weights whose place and distance are told, by name. */
  readonly mark?: Readonly<Record<string, LandscapeWeights>> | undefined;
  /** Along x and y; [21, 21] by default. */
  readonly points?: readonly [number, number] | undefined;
  /** How far the grid goes past solutions and marks on each side, in parts of their extent; 0.3 by default. */
  readonly margin?: number | undefined;
}

/** Settings of `rays`. */
export interface RaysSettings extends LandscapeSettings {
  readonly weights: LandscapeWeights;
  /** How many; 10 by default. */
  readonly rays?: number | undefined;
  /** The largest t; 5 by default. */
  readonly radius?: number | undefined;
  /** Of each ray, t = 0 and the radius included; 21 by default. */
  readonly points?: number | undefined;
  /** Of the directions; 0 by default. */
  readonly seed?: number | undefined;
  /** Each filter of d has the norm of the solution's, biases and norm layers stay; else d is uniform on the unit sphere. */
  readonly filterNormalised?: boolean | undefined;
}

const COMMON = ['model', 'loss', 'data', 'test', 'batchNorm', 'bnBatchSize', 'onProgress'];

/**
 * Loss and accuracy along the line through two solutions (Keskar et al. 2017), over all examples in eval mode: all points are replicas of one
 * program.
 * @example
 * const { points } = await landscape.line(gpu, { model, data, from: last, to: averaged, curved: false });
 * for (const { t, loss } of points) plot(t, loss);
 * @throws InputError naming the setting, for weights or data that do not fit the model, and for a batch that BatchNorm cannot have
 * @throws LimitError if one point does not fit on the adapter
 */
export async function line(gpu: Gpu, settings: LineSettings): Promise<LineResult> {
  const input = inputOf('line', gpu, settings, ['from', 'to', 'range', 'points', 'curved']);
  const { from, to, range = [-1, 2], points = 25, curved = false, onProgress } = settings;
  const options = {
    from: weightsOf(input, 'from', from),
    to: weightsOf(input, 'to', to),
    range,
    points,
    curved,
  };
  return finished(lossOnLine(gpu, input, options), onProgress);
}

/**
 * Loss and accuracy over a grid of the plane through three solutions (Garipov et al. 2018), over all examples in eval mode.
 * @example
 * const { x, y, loss, marks } = await landscape.plane(gpu, { model, data, through: [w1, w2, w3], mark: { average } });
 * @throws InputError naming the setting, for solutions on one line, for weights or data that do not fit the model, and for a batch that
 *   BatchNorm cannot have
 * @throws LimitError if one point does not fit on the adapter
 */
export async function plane(gpu: Gpu, settings: PlaneSettings): Promise<PlaneResult> {
  const input = inputOf('plane', gpu, settings, ['through', 'mark', 'points', 'margin']);
  const { through, mark = {}, points = [21, 21], margin = 0.3, onProgress } = settings;
  if (!Array.isArray(through) || through.length !== 3) {
    throw new InputError('plane', 'through', `is ${showValue(through)}, expected three state dicts`);
  }
  const solutions = through.map((weights, i) => weightsOf(input, `through[${i}]`, weights));
  const marks = Object.entries(mark).map(([name, weights]) => [
    name,
    weightsOf(input, `mark ${name}`, weights),
  ]);
  const options = {
    through: solutions as [NamedWeights, NamedWeights, NamedWeights],
    mark: Object.fromEntries(marks),
    points,
    margin,
  };
  return finished(lossOnPlane(gpu, input, options), onProgress);
}

/**
 * Loss and accuracy along random rays from a solution, uniform on the unit sphere (Izmailov et al. 2018) or filter-normalised (Li et al. 2018),
 * over all examples in eval mode; their mean with its standard error over rays, and the directions by parameter.
 * @example
 * const { mean } = await landscape.rays(gpu, { model, data, weights, filterNormalised: true, radius: 1 });
 * for (const { t, loss, lossStderr } of mean.points) plot(t, loss, lossStderr);
 * @throws InputError naming the setting, for weights or data that do not fit the model, and for a batch that BatchNorm cannot have
 * @throws LimitError if one point does not fit on the adapter
 */
export async function rays(
  gpu: Gpu,
  settings: RaysSettings,
): Promise<RaysResult & { readonly directions: readonly ReadonlyMap<string, Float32Array>[] }> {
  const input = inputOf('rays', gpu, settings, [
    'weights',
    'rays',
    'radius',
    'points',
    'seed',
    'filterNormalised',
  ]);
  const {
    rays: count = 10,
    radius = 5,
    points = 21,
    seed = 0,
    filterNormalised = false,
    onProgress,
  } = settings;
  const weights = weightsOf(input, 'weights', settings.weights);
  const options = { weights, rays: count, radius, points, seed, filterNormalised };
  const { result, directions } = await finished(lossOnRays(gpu, input, options), onProgress);
  const layout = parameterLayout(input.model);
  // Parameters are floats; counts of batches are none of them.
  const named = directions.map((flat) => namedValues(layout, flat) as Map<string, Float32Array>);
  return { ...result, directions: named };
}

async function finished<Result>(
  work: AsyncGenerator<LandscapeProgress, Result, void>,
  onProgress: ((progress: LandscapeProgress) => void) | undefined,
): Promise<Result> {
  for (;;) {
    const next = await work.next();
    if (next.done) return next.value;
    onProgress?.(next.value);
  }
}

function inputOf(by: string, gpu: Gpu, settings: LandscapeSettings, own: readonly string[]): LandscapeInput {
  requireGpu(by, gpu);
  requireOptions(by, settings, [...COMMON, ...own]);
  for (const [key, value] of Object.entries(settings)) requireAwaited(by, key, value);
  const { data, test, batchNorm = 'recompute', bnBatchSize } = settings;
  if (batchNorm !== 'recompute' && batchNorm !== 'stored') {
    throw new InputError(by, 'batchNorm', `is ${showValue(batchNorm)}, expected 'recompute' or 'stored'`);
  }
  if (bnBatchSize !== undefined) requireCount('landscape', 'bnBatchSize', bnBatchSize, 1);
  requireDataset(by, 'data', data);
  if (test !== undefined) requireDataset(by, 'test', test);
  const model = modelFrom('model', settings.model, settings.loss);
  const { dataset } = fitDataset(data, model, 'model');
  const tested = test ? fitDataset(test, model, 'model').dataset : null;
  const input = { modelName: 'model', model, dataset, test: tested, batchNorm, bnBatchSize };
  requireStatisticsPass(input, 'bnBatchSize');
  return input;
}

function weightsOf({ model }: LandscapeInput, name: string, given: LandscapeWeights): NamedWeights {
  const placed = typeof given === 'object' && given !== null && !(given instanceof Map) && 'weights' in given;
  const weights = placed ? (given as GivenWeights) : { weights: given as GivenTensors };
  return { name, values: givenWeights(model, weights, name) };
}
