import type { Gpu } from './device.ts';
import { orLost } from './orLost.ts';
import { Scope } from './scope.ts';
import type { State } from './state.ts';
import { SubmitPace } from './submitPace.ts';

interface Wanted {
  /** Steps in the submit. */
  readonly count: number;
  /** Ring slot of the first of them; the steps do not pass the ring's end. */
  readonly slot: number;
  /** Whether the ring is read back. */
  readonly read: boolean;
  /** The steps' kinds, in their order, by which the next submits are paced. */
  readonly kinds?: readonly string[];
}

/**
 * Submits many steps as one pass and brings the ring's rows back off the hot path. Staging buffers are made once; how many
 * steps a submit should hold follows from how long their kinds took before.
 */
export class Replay {
  readonly #gpu: Gpu;
  readonly #ring: State;
  readonly #scope: Scope;
  /** Those that no submit has. */
  readonly #staging: GPUBuffer[];
  /** How many steps the next submit should hold, and over how many submits a step is spread. */
  readonly pace: SubmitPace;
  #lastDone = 0;

  /**
   * @param ring rows of [slots, width], by replica
   * @param inFlight the most submits that are read back at once
   */
  constructor(gpu: Gpu, ring: State, largestChunk: number, inFlight: number) {
    this.#gpu = gpu;
    this.#ring = ring;
    this.pace = new SubmitPace(largestChunk);
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

  /**
   * @param parts each appends some of the steps' dispatches to a pass, which is a submit of its own; together all of them
   * @returns the rows of the steps, an array a replica, or null if they were not wanted; settles when the device is done
   * @throws DeviceLostError
   * @throws if more are read back at once than there are staging buffers for
   */
  async submit(
    parts: readonly ((pass: GPUComputePassEncoder) => void)[],
    { count, slot, read, kinds = [] }: Wanted,
  ): Promise<Float32Array[] | null> {
    const { device } = this.#gpu;
    const started = performance.now();
    if (read && this.#staging.length === 0) throw new Error('no submit may be read back before another is');
    const encoded = parts.map((encode) => {
      const encoder = device.createCommandEncoder({ label: `${count} steps` });
      const pass = encoder.beginComputePass({ label: `${count} steps` });
      encode(pass);
      pass.end();
      return encoder;
    });
    const encoder = encoded.pop()!;
    for (const before of encoded) device.queue.submit([before.finish()]);
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
      this.#took(started, kinds);
      return null;
    }
    await orLost(this.#gpu, staging.mapAsync(GPUMapMode.READ));
    this.#took(started, kinds);
    const values = new Float32Array(
      staging.getMappedRange().slice(0, 4 * this.#ring.replicas * count * width),
    );
    staging.unmap();
    this.#staging.push(staging);
    return Array.from({ length: this.#ring.replicas }, (_, r) =>
      values.subarray(r * count * width, (r + 1) * count * width),
    );
  }

  #took(started: number, kinds: readonly string[]): void {
    const now = performance.now();
    if (kinds.length > 0) this.pace.took(kinds, now - Math.max(started, this.#lastDone));
    this.#lastDone = now;
  }

  dispose(): void {
    this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
