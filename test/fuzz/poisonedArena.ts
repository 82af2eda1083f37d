import { Arena } from '../../src/gpu/arena.ts';
import type { Gpu } from '../../src/gpu/device.ts';

/**
 * Hands out buffers full of NaN: what reads an intermediate result before it is written shows. One that is lent for a use of its own
 * may count on what that use left there.
 */
export class PoisonedArena extends Arena {
  readonly #device: GPUDevice;
  #poison = new Uint32Array();

  constructor(gpu: Gpu) {
    super(gpu);
    this.#device = gpu.device;
  }

  override acquire(...given: Parameters<Arena['acquire']>): GPUBuffer {
    const buffer = super.acquire(...given);
    const [, use] = given as readonly [number, string?];
    if (use !== undefined) return buffer;
    const words = buffer.size / 4;
    if (this.#poison.length < words) this.#poison = new Uint32Array(words).fill(0x7fc00000);
    this.#device.queue.writeBuffer(buffer, 0, this.#poison, 0, words);
    return buffer;
  }
}
