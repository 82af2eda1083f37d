import { InputError } from '../host/inputError.ts';
import { axisOneView, perChannel } from '../ops/channelView.ts';
import { type FlatLayout, flatLayout, part } from '../ops/flat.ts';
import type { Tensor } from '../ops/graph.ts';
import { inverseSqrt } from '../ops/inverseSqrt.ts';
import { read } from '../ops/leaf.ts';
import { normalize } from '../ops/normalize.ts';
import { offset } from '../ops/offset.ts';
import { updateRunningStatistics } from '../ops/runningStatistics.ts';
import { standardize } from '../ops/standardize.ts';
import type { ForwardContext } from './forwardContext.ts';
import { ghostNormalize } from './ghostNormalize.ts';
import { type LayerSpec, type ModelSpec, stateDictLayout, tensorName } from './modelSpec.ts';

type BatchNorm = Extract<LayerSpec, { type: 'BatchNorm1d' | 'BatchNorm2d' }>;

/** Whether a layer couples the examples of a batch in train mode, and has running statistics for eval mode. */
export function isBatchNorm(layer: LayerSpec): layer is BatchNorm {
  return layer.type === 'BatchNorm1d' || layer.type === 'BatchNorm2d';
}

/**
 * Where each running statistic of a model lies in the flat vector, by its state-dict name, in that order. A count of
 * batches (`isCount`) is one element that holds the bits of an unsigned integer.
 */
export function bufferLayout(model: ModelSpec): FlatLayout {
  return flatLayout(stateDictLayout(model).filter(({ kind }) => kind === 'buffer'));
}

/** Running statistics before the first batch, flat by `bufferLayout`: mean 0, variance 1, no batches. */
export function initialStatistics(model: ModelSpec): Float32Array {
  const { length, entries } = bufferLayout(model);
  const values = new Float32Array(length);
  for (const { name, offset, elements } of entries) {
    if (name.endsWith('.running_var')) values.fill(1, offset, offset + elements);
  }
  return values;
}

/**
 * x̂ of a BatchNorm layer, before its weight and bias: by the batch's statistics in train mode, which then enter the
 * running ones of the context, or by each ghost batch's; by the running ones in eval mode. x [N, C, …].
 * @throws in eval mode without running statistics
 */
export function batchNormalize(
  model: ModelSpec,
  index: number,
  { eps, momentum }: BatchNorm,
  x: Tensor,
  { mode, buffers, cumulative, ghostBatch }: ForwardContext,
): Tensor {
  const view = axisOneView(x.shape);
  const layout = bufferLayout(model);
  const entry = (name: string): number =>
    layout.entries.findIndex((e) => e.name === tensorName(model, index, name));
  if (mode === 'train' && ghostBatch !== undefined) return ghostNormalize(x, ghostBatch, eps);
  if (mode === 'train') {
    const { y, mean, variance } = normalize(x, view, eps);
    if (buffers) {
      const at = (name: string): number => layout.entries[entry(name)]!.offset;
      const into = {
        state: buffers,
        meanAt: at('running_mean'),
        varianceAt: at('running_var'),
        countAt: at('num_batches_tracked'),
        momentum: cumulative ? null : momentum,
      };
      updateRunningStatistics(into, mean, variance, perChannel(view));
    }
    return y;
  }
  if (!buffers) throw new Error(`layer ${index}: BatchNorm in eval mode needs running statistics`);
  const flat = read(x.node.graph, buffers);
  const statistic = (name: string): Tensor => part(flat, layout, entry(name));
  return standardize(x, statistic('running_mean'), inverseSqrt(offset(statistic('running_var'), eps)), view);
}

/** What a training run asks of BatchNorm layers. */
export interface BatchDemands {
  readonly batchSizes: readonly number[];
  /** Examples of a unit whose gradients' statistics are measured, 1 for single ones; false where none are. */
  readonly measures: number | false;
  /** What gives that size in the run's description; `small_batch` by default. */
  readonly measuresKey?: string;
  /** The pass that recomputes the statistics of weights that no step has trained with. */
  readonly passes: { readonly examples: number; readonly batchSize: number } | null;
}

/**
 * Refuses what BatchNorm in train mode cannot do: a batch with one value a channel, which has no variance (torch refuses it
 * too), and statistics over single examples, whose losses depend on the whole batch.
 * @param shapes of one example before and after each layer, as inferShapes gives them
 * @throws InputError naming the layer
 */
export function requireBatches(
  file: string,
  model: ModelSpec,
  shapes: readonly (readonly number[])[],
  { batchSizes, measures, measuresKey = 'small_batch', passes }: BatchDemands,
): void {
  model.layers.forEach((layer, i) => {
    if (!isBatchNorm(layer)) return;
    const refuse = (reason: string): InputError => new InputError(file, `layer ${i} (${layer.type})`, reason);
    const positions = shapes[i]!.slice(1).reduce((product, extent) => product * extent, 1);
    const requireValues = (batchSize: number, what: string): void => {
      if (batchSize * positions > 1) return;
      throw refuse(`${what} gives it one value a channel, expected more than one in train mode`);
    };
    for (const batchSize of batchSizes) requireValues(batchSize, `a batch of ${batchSize}`);
    if (passes) {
      const { examples, batchSize } = passes;
      const last = examples % batchSize || Math.min(examples, batchSize);
      const sizes = `${examples} examples in batches of ${batchSize}`;
      requireValues(last, `the last batch of the pass that recomputes its statistics (${sizes})`);
      requireValues(Math.min(examples, batchSize), `the pass that recomputes its statistics (${sizes})`);
    }
    if (measures === 1) {
      throw refuse(
        'couples the examples of a batch in train mode, so they have no gradients of their own to measure; set ' +
          `${measuresKey} to 2 or more for those of ghost batches`,
      );
    }
  });
}
