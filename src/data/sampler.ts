import type { SamplingMode } from '../ops/plans/indicesPlan.ts';
import { permutedIndex } from '../random/permutation.ts';
import { purpose } from '../random/purpose.ts';
import { threefry2x32 } from '../random/threefry.ts';

export type { SamplingMode };

/** Where the stream of epochs stands: `offset` examples into `epoch`, 0 ≤ offset < N. */
export interface Cursor {
  epoch: number;
  offset: number;
}

export interface BatchRequest extends Cursor {
  mode: SamplingMode;
  /** Examples in the data set. */
  examples: number;
  batchSize: number;
  /** Counted from 0. */
  step: number;
  seed: number;
  /** For mode `order`: [steps, batchSize], row-major. */
  order?: Uint32Array;
}

/**
 * The examples of one batch, the very indices that shaders/sampling/indices.wgsl writes on the device.
 *
 * `shuffle` and `sequential` read an endless stream of epochs from the cursor on: a batch may straddle two epochs, or
 * more where it is larger than the data set, and none is short. `iid` draws each position with replacement, by the
 * step and never by the cursor; the probability of an index is off by less than 2⁻³².
 */
export function hostIndices(request: BatchRequest): Uint32Array {
  const { batchSize, order, mode, step } = request;
  if (mode === 'order') {
    if (!order || order.length < (step + 1) * batchSize) {
      throw new RangeError(
        `order table has ${order?.length ?? 0} entries, expected ${(step + 1) * batchSize}`,
      );
    }
    return order.slice(step * batchSize, (step + 1) * batchSize);
  }
  return Uint32Array.from({ length: batchSize }, (_, position) => indexAt(request, position));
}

function indexAt({ mode, examples, step, seed, epoch, offset }: BatchRequest, position: number): number {
  if (mode === 'iid') {
    const [word] = threefry2x32(seed, purpose.iid, step, position);
    return multiplyHigh(word, examples);
  }
  const place = offset + position;
  const index = place % examples;
  if (mode === 'sequential') return index;
  return permutedIndex(seed, epoch + Math.floor(place / examples), examples, index);
}

/** ⌊a·b / 2³²⌋ of two u32, from products of 16-bit halves, as on the device. */
export function multiplyHigh(a: number, b: number): number {
  const low = (a & 0xffff) * (b & 0xffff);
  const cross0 = (a & 0xffff) * (b >>> 16);
  const cross1 = (a >>> 16) * (b & 0xffff);
  const high = (a >>> 16) * (b >>> 16);
  const middle = (low >>> 16) + (cross0 & 0xffff) + (cross1 & 0xffff);
  return high + (cross0 >>> 16) + (cross1 >>> 16) + (middle >>> 16);
}
