import { groupNormSq, perExample } from '../autograd/perExample.ts';
import { vjp } from '../autograd/vjp.ts';
import type { State } from '../gpu/state.ts';
import { exampleLosses } from '../nn/exampleLosses.ts';
import { forward } from '../nn/forward.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import { normSq } from '../ops/dot.ts';
import { fill } from '../ops/fill.ts';
import { type FlatLayout, pack, unpack } from '../ops/flat.ts';
import { type Examples, gather } from '../ops/gather.ts';
import type { Graph } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { type Recorder, record } from '../ops/record.ts';
import { type Sampling, sampleIndices } from '../ops/sampling.ts';
import { type SgdState, sgd } from '../optim/sgd.ts';

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
 * @param smallBatch also record, of each parameter, ‖ḡ‖² and the sum of the squared norms of the gradients of sub-batches
 *   of this size, for the noise scale; 1 for each example's own, 0 for no statistics
 */
export function traceStep(graph: Graph, state: StepState, batchSize: number, smallBatch: number): void {
  const { model, layout, examples, sampler, optimizer, recorder, buffers } = state;
  const [x, targets] = gather(examples, sampleIndices(graph, sampler, batchSize));
  const parameters = unpack(read(graph, optimizer.theta), layout);
  const { seeds, counters } = sampler;
  const random = seeds && { seeds, counters };
  const outputs = forward(model, parameters, x, { mode: 'train', buffers, random });
  const losses = exampleLosses(model.loss, outputs, targets);

  const cotangents = vjp([[losses, fill(graph, 1 / batchSize, [batchSize])]], parameters);
  const gradients = cotangents.of.map((g, i) => g ?? fill(graph, 0, parameters[i]!.shape));
  const noise = smallBatch
    ? [...gradients.map(normSq), ...groupNormSq(perExample(cotangents, parameters), smallBatch)]
    : [];
  sgd(optimizer, pack(layout, gradients));
  record(recorder, losses, noise);
}
