import type { State } from '../gpu/state.ts';
import { firstExamples } from '../measure/firstExamples.ts';
import type { Instrument } from '../measure/instrument.ts';
import type { Memory } from '../measure/memory.ts';
import { oneBatch } from '../measure/oneBatch.ts';
import type { Look } from '../measure/quantity.ts';
import { type BatchOf, TracedBatch } from '../measure/tracedBatch.ts';
import { isCoupled } from '../nn/isCoupled.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import type { FlatLayout } from '../ops/flat.ts';
import type { Graph, Tensor } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { type Examples, gather } from '../ops/state/gather.ts';
import { type Sampling, sampleIndices } from '../ops/state/sampling.ts';
import type { Optimizer } from '../optim/optimizer.ts';

/** State that a training step works on. */
export interface StepState {
  readonly model: ModelSpec;
  readonly layout: FlatLayout;
  readonly examples: Examples;
  /** The parameters, flat [P], and what updates them. */
  readonly theta: State;
  readonly optimizer: Pick<Optimizer, 'update'>;
  readonly sampler: Sampling;
  /** Running statistics of the model, brought up to date by the step. */
  readonly buffers?: State | null;
  /** What instruments keep from step to step. */
  readonly memory: Memory;
}

/** A step as far as its update. */
export interface TracedStep {
  /** [B], each example's own, before the update. */
  readonly losses: Tensor;
  /** The scalars of each instrument that is due, by name. */
  readonly measured: readonly Readonly<Record<string, Tensor>>[];
}

/**
 * One training step but for its readings: a batch, its loss, the gradient, what is measured of them, the update.
 * @param due instruments that are taken at this step
 * @throws RangeError for single examples that BatchNorm couples, and for units that do not divide the batch
 */
export function traceStep(
  graph: Graph,
  state: StepState,
  batchSize: number,
  due: readonly Instrument[],
): TracedStep {
  const { model, layout, theta, examples, sampler, optimizer, buffers, memory } = state;
  const [x, targets] = gather(examples, sampleIndices(graph, sampler, batchSize));
  const { seeds, counters } = sampler;
  const context = { mode: 'train' as const, random: seeds && { seeds, counters } };
  const of: BatchOf = { model, layout, theta: read(graph, theta), x, targets, context };
  const grouping = (unitSize: number) => ({
    unitSize,
    gathering: oneBatch(graph, batchSize / unitSize, (name, spec) => memory.state(name, spec)),
    first: (count: number) => ({
      ...of,
      ...firstExamples(graph, examples, count, memory),
      context: { mode: 'train' as const },
    }),
  });
  const batch = new TracedBatch({ ...of, context: { ...context, buffers } }, grouping(1));
  const gradient = batch.gradient(batch.meanWeights);
  const measured = due.map((instrument) => {
    const { unitSize } = instrument;
    const units = unitSize === null ? batch : measuredBatch(batch, of, grouping(unitSize));
    return scalarsOf(instrument, graph, instrument.quantity.trace(units.as(instrument.type)), units);
  });
  optimizer.update(gradient);
  return { losses: batch.losses, measured };
}

/**
 * The batch whose units are measured. Where the examples see each other, through BatchNorm, it is not the step's own: that
 * one's gradient, over all B, is no mean of gradients at a smaller size, each of which would be of another objective. It is
 * made of ghost batches of b, each normalised by its own statistics and with the step's own Dropout, so that both sizes are of
 * one objective and the estimates unbiased for that. It leaves running statistics, momentum and weights alone.
 */
function measuredBatch(
  batch: TracedBatch,
  of: BatchOf,
  grouping: ConstructorParameters<typeof TracedBatch>[1],
): TracedBatch {
  const { unitSize } = grouping;
  if (batch.examples % unitSize !== 0) {
    throw new RangeError(`small batch ${unitSize}, expected a divisor of the batch size ${batch.examples}`);
  }
  if (!isCoupled(of)) return batch.with(grouping);
  if (unitSize < 2) {
    throw new RangeError(`small batch ${unitSize}, expected 2 or more: BatchNorm couples the examples`);
  }
  return new TracedBatch({ ...of, context: { ...of.context, ghostBatch: unitSize } }, grouping);
}

/** What all looks at a batch come to. @throws if one of them is no scalar, or takes the host between two looks */
function scalarsOf(
  { type }: Instrument,
  graph: Graph,
  first: Look,
  batch: TracedBatch,
): Readonly<Record<string, Tensor>> {
  const found: Record<string, Tensor> = {};
  for (let look: Look | undefined = first; look; look = look.next?.(batch.as(type))) {
    if (look.afterHost)
      throw new Error(`${type}: takes the host between two looks, and a step does not wait`);
    Object.assign(found, look.values?.(graph));
  }
  for (const [name, { shape }] of Object.entries(found)) {
    if (shape.length > 0) {
      throw new Error(`${type}: ${name} is [${shape.join(', ')}], expected a number of a step`);
    }
  }
  return found;
}
