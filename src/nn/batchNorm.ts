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
import { InputError } from './inputError.ts';
import { type LayerSpec, type ModelSpec, stateDictLayout } from './modelSpec.ts';

type BatchNorm = Extract<LayerSpec, { type: 'BatchNorm1d' | 'BatchNorm2d' }>;

/** Whether a layer couples the examples of a batch in train mode, and has running statistics for eval mode. */
export function isBatchNorm(layer: LayerSpec): layer is BatchNorm {
  return layer.type === 'BatchNorm1d' || layer.type === 'BatchNorm2d';
}

/**
 * Where each running statistic of a model lies in the flat vector, by its state-dict name, in that order; a count of
 * batches is one element, exact up to 2²⁴.
 */
export function bufferLayout(model: ModelSpec): FlatLayout {
  return flatLayout(stateDictLayout(model).filter(({ kind }) => kind === 'buffer'));
}

/**
 * x̂ of a BatchNorm layer, before its weight and bias: by the batch's statistics in train mode, which then enter the
 * running ones of the context, and by those in eval mode. x [N, C, …].
 * @throws in eval mode without running statistics
 */
export function batchNormalize(
  model: ModelSpec,
  index: number,
  { eps, momentum }: BatchNorm,
  x: Tensor,
  { mode, buffers, cumulative }: ForwardContext,
): Tensor {
  const view = axisOneView(x.shape);
  const layout = bufferLayout(model);
  const entry = (name: string): number => layout.entries.findIndex((e) => e.name === `${index}.${name}`);
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

/**
 * Refuses a batch in which a BatchNorm layer would see one value a channel, which has no variance: torch does so too.
 * @param shapes of one example before and after each layer, as inferShapes gives them
 * @param what how the message calls the batch: "a batch of 1"
 * @throws InputError naming the layer
 */
export function requireBatchStatistics(
  file: string,
  model: ModelSpec,
  shapes: readonly (readonly number[])[],
  batchSize: number,
  what = `a batch of ${batchSize}`,
): void {
  model.layers.forEach((layer, i) => {
    const positions = shapes[i]!.slice(1).reduce((product, extent) => product * extent, 1);
    if (!isBatchNorm(layer) || batchSize * positions > 1) return;
    const expected = 'expected more than one value a channel in train mode';
    throw new InputError(
      file,
      `layer ${i} (${layer.type})`,
      `${what} gives it one value a channel, ${expected}`,
    );
  });
}
