import { type Gpu, largestBinding } from './device.ts';
import { LimitError } from './limitError.ts';

/**
 * Whole buffers handed out by lifetime and size class, never slices of one: a buffer may not be bound read-only and
 * read-write in one dispatch, however disjoint the ranges. The programs of one run share an arena, since they run
 * one after the other and leave nothing behind in it.
 */
export class Arena {
  readonly #gpu: Gpu;
  /** By size class, or by what the buffer may be used for. */
  readonly #free = new Map<string, GPUBuffer[]>();
  readonly #uses = new Map<GPUBuffer, string>();
  readonly #all: GPUBuffer[] = [];

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** Bytes of all buffers of the arena. */
  get bytes(): number {
    return this.#all.reduce((total, buffer) => total + buffer.size, 0);
  }

  /**
   * A buffer of at least `bytes`, with anything in it; zero when it is made.
   * @param use buffers of a use are lent for that use alone, so that what it never writes stays zero
   * @throws LimitError with both sizes, if it passes the adapter's largest storage binding
   */
  acquire(bytes: number, use?: string): GPUBuffer {
    const size = use === undefined ? sizeClass(bytes) : bytes;
    const key = use ?? `${size}`;
    const free = this.#free.get(key)?.pop();
    if (free) return free;
    const limit = largestBinding(this.#gpu);
    if (bytes > limit) {
      throw new LimitError(
        `an intermediate result takes ${bytes} bytes, this adapter's largest storage binding is ${limit} bytes`,
      );
    }
    const buffer = this.#gpu.device.createBuffer({
      label: `arena ${this.#all.length}: ${size} bytes`,
      size: Math.min(size, Math.floor(limit / 4) * 4),
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    this.#all.push(buffer);
    this.#uses.set(buffer, key);
    return buffer;
  }

  /** Gives a buffer back for the next one of its size class or use. */
  release(buffer: GPUBuffer): void {
    const key = this.#uses.get(buffer)!;
    const free = this.#free.get(key);
    if (free) free.push(buffer);
    else this.#free.set(key, [buffer]);
  }

  dispose(): void {
    for (const buffer of this.#all) buffer.destroy();
    this.#all.length = 0;
    this.#free.clear();
    this.#uses.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Four classes an octave: at most a quarter of a buffer is unused. */
function sizeClass(bytes: number): number {
  const step = Math.max(256, 2 ** (Math.floor(Math.log2(Math.max(1, bytes - 1))) - 2));
  return Math.ceil(bytes / step) * step;
}
