import indices from '../../../shaders/sampling/indices.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import type { KernelTarget } from '../op.ts';
import { narrowWorkgroup } from './linearGrid.ts';

/** How a batch's examples are picked; `order` reads them from a table. */
export type SamplingMode = 'shuffle' | 'iid' | 'sequential' | 'order';

const MODES: Record<SamplingMode, number> = { shuffle: 0, iid: 1, sequential: 2, order: 3 };

/**
 * The kernel call that picks a batch's examples on the device: operands `seeds`, `counters`, `indices`, and `order` in
 * that mode. The same indices as hostIndices.
 * @param ordered examples that the order is of
 */
export function planIndices(
  mode: SamplingMode,
  examples: number,
  batchSize: number,
  ordered = 0,
  kind: KernelTarget['kind'] = 'gpu',
): KernelCall {
  const WIDTH = narrowWorkgroup(batchSize, kind);
  return {
    source: indices,
    knobs: { MODE: MODES[mode], WIDTH },
    params: { examples, batchSize, ordered },
    grid: [Math.ceil(batchSize / WIDTH), 1],
  };
}
