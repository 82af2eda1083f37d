import type { State } from '../gpu/state.ts';
import { allLooks } from '../measure/allLooks.ts';
import { firstExamples } from '../measure/firstExamples.ts';
import type { Instrument } from '../measure/instrument.ts';
import type { Memory } from '../measure/memory.ts';
import { oneBatch } from '../measure/oneBatch.ts';
import { type BatchOf, TracedBatch } from '../measure/tracedBatch.ts';
import { isCoupled } from '../nn/isCoupled.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import type { FlatLayout } from '../ops/flat.ts';
import type { Graph, Tensor } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { type Augmentation, type AugmentationStream, augment } from '../ops/state/augment.ts';
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
  /** What becomes of a batch's images before anything else, and by which seeds. */
  readonly augmentation?: { readonly of: Augmentation; readonly stream: AugmentationStream } | null;
  /** Running statistics of the model, brought up to date by the step. */
  readonly buffers?: State | null;
  /** What instruments keep from step to step. */
  readonly memory: Memory;
}

/** An instrument that is due at a step. */
export interface StepInstrument {
  readonly instrument: Instrument;
  /** It is due for the first time. */
  readonly opens?: boolean;
  /** What its passes over a part of the data have found, which run before the step; left out, it is traced with the step. */
  readonly passed?: (graph: Graph) => Readonly<Record<string, Tensor>>;
}

/** A step as far as its update. */
export interface TracedStep {
  /** [B], each example's own, before the update. */
  readonly losses: Tensor;
  /** The numbers and vectors of each instrument that is due, by name. */
  readonly measured: readonly Readonly<Record<string, Tensor>>[];
}

/**
 * One training step but for its readings: a batch, its loss, the gradient, what is measured of them, the update.
 * @param due instruments that are taken at this step
 * @param preparing instruments that are due at the next one
 * @throws RangeError for single examples that BatchNorm couples, and for units that do not divide the batch
 */
export function traceStep(
  graph: Graph,
  state: StepState,
  batchSize: number,
  due: readonly StepInstrument[],
  preparing: readonly Instrument[] = [],
): TracedStep {
  const { model, layout, theta, examples, sampler, augmentation, optimizer, buffers, memory } = state;
  const [drawn, targets] = gather(examples, sampleIndices(graph, sampler, batchSize));
  const x = augmentation ? augment(drawn, augmentation.of, augmentation.stream) : drawn;
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
  const measured = due.map(({ instrument: { type, unitSize, quantity, opening }, opens, passed }) => {
    if (passed) return passed(graph);
    const units = (unitSize === null ? batch : measuredBatch(batch, of, grouping(unitSize))).as(type);
    const measuring = (opens && opening) || quantity;
    return allLooks(type, measuring.trace(units), units);
  });
  // Behind what is measured here: of some what the step before left is read at this step too.
  for (const { type, prepare } of preparing) prepare?.(batch.as(type));
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
