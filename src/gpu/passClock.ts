import type { Gpu } from './device.ts';
import { orLost } from './orLost.ts';
import type { Program } from './program.ts';

/** How long a pass took, by both clocks. */
export interface PassTime {
  /** Milliseconds from the submit to the news that it is done. */
  readonly wall: number;
  /** Nanoseconds on the device's clock; null without timestamp queries. */
  readonly queries: { readonly begin: bigint; readonly end: bigint } | null;
}

/** Runs programs in passes of their own and tells when they began and ended, by wall clock and timestamp queries. */
export class PassClock {
  readonly #gpu: Gpu;
  readonly #set: GPUQuerySet | null;
  readonly #resolved: GPUBuffer | null;
  readonly #staging: GPUBuffer | null;

  constructor(gpu: Gpu) {
    const { device } = gpu;
    this.#gpu = gpu;
    const queries = device.features.has('timestamp-query');
    const buffer = (label: string, usage: number) => device.createBuffer({ label, size: 16, usage });
    this.#set = queries ? device.createQuerySet({ label: 'pass clock', type: 'timestamp', count: 2 }) : null;
    this.#resolved = queries
      ? buffer('pass clock timestamps', GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC)
      : null;
    this.#staging = queries
      ? buffer('pass clock read-back', GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ)
      : null;
  }

  /** Runs a program `repeats` times over in one pass, and waits for it. */
  async time(program: Program, repeats: number): Promise<PassTime> {
    const { device } = this.#gpu;
    const [set, resolved, staging] = [this.#set, this.#resolved, this.#staging];
    const encoder = device.createCommandEncoder({ label: `time ${program.label}` });
    const pass = encoder.beginComputePass({
      label: program.label,
      timestampWrites: set
        ? { querySet: set, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 }
        : undefined,
    });
    for (let i = 0; i < repeats; i++) program.encode(pass);
    pass.end();
    if (set && resolved && staging) {
      encoder.resolveQuerySet(set, 0, 2, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16);
    }
    const commands = encoder.finish();
    const started = performance.now();
    device.queue.submit([commands]);
    if (!staging) {
      await orLost(this.#gpu, device.queue.onSubmittedWorkDone());
      return { wall: performance.now() - started, queries: null };
    }
    await orLost(this.#gpu, staging.mapAsync(GPUMapMode.READ));
    const wall = performance.now() - started;
    const [begin, end] = new BigUint64Array(staging.getMappedRange().slice(0)) as unknown as [bigint, bigint];
    staging.unmap();
    return { wall, queries: { begin, end } };
  }

  dispose(): void {
    for (const disposable of [this.#set, this.#resolved, this.#staging]) disposable?.destroy();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
