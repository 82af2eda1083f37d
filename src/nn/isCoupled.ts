import { isBatchNorm } from './batchNorm.ts';
import type { ForwardContext } from './forwardContext.ts';
import type { ModelSpec } from './modelSpec.ts';

/** Whether the examples' losses depend on each other: BatchNorm in train mode. A batch is one unit then. */
export function isCoupled({
  model,
  context,
}: {
  readonly model: ModelSpec;
  readonly context: Pick<ForwardContext, 'mode'>;
}): boolean {
  return context.mode === 'train' && model.layers.some(isBatchNorm);
}
