import type { State } from '../gpu/state.ts';
import type { ForwardContext } from '../nn/forwardContext.ts';
import { isCoupled } from '../nn/isCoupled.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import { type TracedBatch, type TracedGradient, traceGradient } from '../nn/traceGradient.ts';
import type { FlatLayout } from '../ops/flat.ts';
import type { Graph } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { type Examples, gather } from '../ops/state/gather.ts';
import { type Recorder, record } from '../ops/state/record.ts';
import { type Sampling, sampleIndices } from '../ops/state/sampling.ts';
import { type SgdState, sgd } from '../optim/sgd.ts';
import { type Measuring, traceNoise } from './stepNoise.ts';

/** State that a training step works on. */
export interface StepState {
  readonly model: ModelSpec;
  readonly layout: FlatLayout;
  readonly examples: Examples;
  readonly sampler: Sampling;
  readonly optimizer: SgdState;
  readonly recorder: Recorder;
  /** Running statistics of the model, brought up to date by the step. */
  readonly buffers?: State | null;
}

/**
 * One training step: a batch, its loss, the gradient, the update, the readings.
 * @param measuring also record the gradient's statistics, of which `readNoise` makes numbers; null for none
 * @throws as `measuredGradient` and `traceNoise` do
 */
export function traceStep(
  graph: Graph,
  state: StepState,
  batchSize: number,
  measuring: Measuring | null,
): void {
  const { model, layout, examples, sampler, optimizer, recorder, buffers } = state;
  const [x, targets] = gather(examples, sampleIndices(graph, sampler, batchSize));
  const batch = { model, layout, theta: read(graph, optimizer.theta), x, targets };
  const { seeds, counters } = sampler;
  const context = { mode: 'train' as const, random: seeds && { seeds, counters } };
  const step = traceGradient(batch, { ...context, buffers });
  const noise = measuring
    ? traceNoise(measuredGradient(step, batch, context, measuring.smallBatch), measuring)
    : [];
  sgd(optimizer, step.mean);
  record(recorder, step.losses, noise);
}

/**
 * The gradient whose statistics are measured. Where the examples of a batch see each other, through BatchNorm, it is not
 * the step's own: that one, over all B, is no mean of gradients at a smaller size, each of which would be of another
 * objective. It is the mean over the ghost batches of b, each normalised by its own statistics and with the step's own
 * Dropout, so that both sizes are of one objective and the estimates unbiased for that. It leaves running statistics,
 * momentum and weights alone.
 * @throws RangeError for single examples that BatchNorm couples
 */
function measuredGradient(
  step: TracedGradient,
  batch: TracedBatch,
  context: ForwardContext,
  smallBatch: number,
): TracedGradient {
  if (!isCoupled({ model: batch.model, context })) return step;
  if (smallBatch < 2) {
    throw new RangeError(`small batch ${smallBatch}, expected 2 or more: BatchNorm couples the examples`);
  }
  return traceGradient(batch, { ...context, ghostBatch: smallBatch });
}
