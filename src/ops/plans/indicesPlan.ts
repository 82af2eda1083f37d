import indices from '../../../shaders/sampling/indices.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import type { KernelTarget } from '../op.ts';

/** How a batch's examples are picked; `order` reads them from a table. */
export type SamplingMode = 'shuffle' | 'iid' | 'sequential' | 'order';

const MODES: Record<SamplingMode, number> = { shuffle: 0, iid: 1, sequential: 2, order: 3 };

/**
 * The kernel call that picks a batch's examples on the device: operands `seeds`, `counters`, `indices`, and `order` in
 * that mode. The same indices as hostIndices.
 * @param kind of adapter: a CPU runs all invocations of a workgroup, those past the batch too
 * @param ordered examples that the order is of
 */
export function planIndices(
  mode: SamplingMode,
  examples: number,
  batchSize: number,
  kind: KernelTarget['kind'],
  ordered = 0,
): KernelCall {
  const WIDTH = kind === 'cpu' ? 4 : 64;
  return {
    source: indices,
    knobs: { MODE: MODES[mode], WIDTH },
    params: { examples, batchSize, ordered },
    grid: [Math.ceil(batchSize / WIDTH), 1],
  };
}
