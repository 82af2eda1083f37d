import { type Cotangents, vjp } from '../autograd/vjp.ts';
import { fill } from '../ops/fill.ts';
import { type FlatLayout, pack, unpack } from '../ops/flat.ts';
import type { Tensor } from '../ops/graph.ts';
import { exampleLosses } from './exampleLosses.ts';
import { forward } from './forward.ts';
import type { ForwardContext } from './forwardContext.ts';
import type { ModelSpec } from './modelSpec.ts';

/** A model at one point, and a batch of B examples. */
export interface TracedBatch {
  readonly model: ModelSpec;
  readonly layout: FlatLayout;
  /** Flat [P]. */
  readonly theta: Tensor;
  readonly x: Tensor;
  readonly targets: Tensor;
}

/** The gradient of the batch's mean loss, and what statistics over its examples start from. */
export interface TracedGradient {
  /** [B], each example's own. */
  readonly losses: Tensor;
  readonly theta: Tensor;
  readonly parameters: readonly Tensor[];
  /** For the cotangent 1/B of each example's loss. */
  readonly cotangents: Cotangents;
  /** By parameter, in the layout's order, and flat [P]. */
  readonly gradients: readonly Tensor[];
  readonly mean: Tensor;
}

/** Appends a batch's losses and gradient to the trace. */
export function traceGradient(
  { model, layout, theta, x, targets }: TracedBatch,
  context: ForwardContext,
): TracedGradient {
  const { graph } = theta.node;
  const batchSize = x.shape[0]!;
  const parameters = unpack(theta, layout);
  const losses = exampleLosses(model.loss, forward(model, parameters, x, context), targets);
  const cotangents = vjp([[losses, fill(graph, 1 / batchSize, [batchSize])]], parameters);
  const gradients = cotangents.of.map((g, i) => g ?? fill(graph, 0, parameters[i]!.shape));
  return { losses, theta, parameters, cotangents, gradients, mean: pack(layout, gradients) };
}
