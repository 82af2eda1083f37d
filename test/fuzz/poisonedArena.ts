import { Arena } from '../../src/gpu/arena.ts';
import type { Gpu } from '../../src/gpu/device.ts';

/**
 * Hands out buffers full of NaN: what reads an intermediate result before it is written shows. One that is lent for a use of its own
 * may count on what that use left there.
 */
export class PoisonedArena extends Arena {
  readonly #device: GPUDevice;

  constructor(gpu: Gpu) {
    super(gpu);
    this.#device = gpu.device;
  }

  override acquire(...given: Parameters<Arena['acquire']>): GPUBuffer {
    const buffer = super.acquire(...given);
    const [, use] = given as readonly [number, string?];
    if (use === undefined) this.#poison(buffer);
    return buffer;
  }

  #poison(buffer: GPUBuffer): void {
    this.#device.queue.writeBuffer(buffer, 0, new Uint32Array(buffer.size / 4).fill(0x7fc00000));
  }
}
