import type { Gpu } from './device.ts';
import { orLost } from './orLost.ts';
import { Scope } from './scope.ts';
import type { State } from './state.ts';

/** Milliseconds that a submit should last: long enough to hide its cost, short enough to steer and not to trip a watchdog. */
const SHORTEST = 50;
const LONGEST = 400;
/** Fewer steps than this in a submit only where so many last this long: a slow device, or a very large model. */
const USUAL_CHUNK = 16;
const TOO_LONG = 1500;

interface Wanted {
  /** Steps in the submit. */
  readonly count: number;
  /** Ring slot of the first of them; the steps do not pass the ring's end. */
  readonly slot: number;
  /** Whether the ring is read back. */
  readonly read: boolean;
}

/**
 * Submits many steps as one pass and brings the ring's rows back off the hot path. Staging buffers are made once; the
 * steps in a submit are doubled or halved until it lasts between 50 and 400 ms, which changes no result.
 */
export class Replay {
  readonly #gpu: Gpu;
  readonly #ring: State;
  readonly #largest: number;
  readonly #scope: Scope;
  /** Those that no submit has. */
  readonly #staging: GPUBuffer[];
  #chunk = USUAL_CHUNK;
  #lastDone = 0;

  /**
   * @param ring rows of [slots, width], by replica
   * @param inFlight the most submits that are read back at once
   */
  constructor(gpu: Gpu, ring: State, largestChunk: number, inFlight: number) {
    this.#gpu = gpu;
    this.#ring = ring;
    this.#largest = largestChunk;
    const size = 4 * ring.replicas * largestChunk * ring.shape[1]!;
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
    const made = Scope.makeNow((scope) => ({
      scope,
      staging: Array.from({ length: inFlight }, (_, i) =>
        scope.own(gpu.device.createBuffer({ label: `staging ${i}`, size, usage })),
      ),
    }));
    this.#scope = made.scope;
    this.#staging = made.staging;
  }

  /** Steps that the next submit should hold. */
  get chunk(): number {
    return this.#chunk;
  }

  /**
   * @param encode appends the steps' dispatches to the pass
   * @returns the rows of the steps, an array a replica, or null if they were not wanted; settles when the device is done
   * @throws DeviceLostError
   * @throws if more are read back at once than there are staging buffers for
   */
  async submit(
    encode: (pass: GPUComputePassEncoder) => void,
    { count, slot, read }: Wanted,
  ): Promise<Float32Array[] | null> {
    const { device } = this.#gpu;
    const started = performance.now();
    if (read && this.#staging.length === 0) throw new Error('no submit may be read back before another is');
    const encoder = device.createCommandEncoder({ label: `${count} steps` });
    const pass = encoder.beginComputePass({ label: `${count} steps` });
    encode(pass);
    pass.end();
    const staging = read ? this.#staging.pop()! : null;
    const width = this.#ring.shape[1]!;
    if (staging) {
      for (let r = 0; r < this.#ring.replicas; r++) {
        const from = 4 * (r * this.#ring.replicaStride + slot * width);
        encoder.copyBufferToBuffer(
          this.#ring.buffer,
          from,
          staging,
          4 * r * count * width,
          4 * count * width,
        );
      }
    }
    device.queue.submit([encoder.finish()]);
    if (!staging) {
      await orLost(this.#gpu, device.queue.onSubmittedWorkDone());
      this.#pace(started, count);
      return null;
    }
    await orLost(this.#gpu, staging.mapAsync(GPUMapMode.READ));
    this.#pace(started, count);
    const values = new Float32Array(
      staging.getMappedRange().slice(0, 4 * this.#ring.replicas * count * width),
    );
    staging.unmap();
    this.#staging.push(staging);
    return Array.from({ length: this.#ring.replicas }, (_, r) =>
      values.subarray(r * count * width, (r + 1) * count * width),
    );
  }

  #pace(started: number, count: number): void {
    const now = performance.now();
    const lasted = now - Math.max(started, this.#lastDone);
    this.#lastDone = now;
    if (count < this.#chunk) return;
    if (lasted > TOO_LONG) this.#chunk = Math.max(1, this.#chunk >> 1);
    else if (lasted > LONGEST) this.#chunk = Math.max(Math.min(USUAL_CHUNK, this.#chunk), this.#chunk >> 1);
    else if (lasted < SHORTEST) this.#chunk = Math.min(this.#largest, this.#chunk * 2);
  }

  dispose(): void {
    this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
