import type { FlatLayout } from '../ops/flat.ts';
import type { Tensor } from '../ops/graph.ts';
import type { StepTask } from './basinStep.ts';

/** A task's network as the engine keeps it: PyTorch's tensors in one flat vector. */
export interface BasinNetwork {
  readonly layout: FlatLayout;
  /** By state-dict name. */
  readonly values: ReadonlyMap<string, Float32Array>;
  readonly theta: Float32Array;
  readonly exampleShape: readonly number[];
  /** Loss of each example. x [B, …exampleShape], labels [B] → [B]. */
  losses(parameters: readonly Tensor[], x: Tensor, labels: Tensor): Tensor;
}

/** What a quantity at one point takes: the batch `x` and `labels`, and the parameters `theta`. */
export function pointInputs(
  { batch, x, labels }: Omit<StepTask, 'rate'>,
  { layout, theta, exampleShape }: BasinNetwork,
) {
  return {
    x: { shape: [batch, ...exampleShape], values: x },
    labels: { shape: [batch], values: labels },
    theta: { shape: [layout.length], values: theta },
  };
}
