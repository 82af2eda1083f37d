import type { GpuMemory } from '../gpuMemory.ts';
import {
  computePart,
  partValues,
  type TaskInput,
  type TaskPart,
  type TaskParts,
  type TaskProgram,
  taskInput,
} from './taskProgram.ts';

/** Milliseconds. */
export interface TaskOpened {
  /** Loading the program and its library. */
  readonly load: number;
  /** From the inputs in the host's memory until a device is there and they are uploaded. */
  readonly open: number;
}

/** One part, once. */
export interface PartDone {
  /** Until its numbers are in the host's memory. Milliseconds. */
  readonly milliseconds: number;
  /** Of buffers on the device: the most while it ran, and afterwards. */
  readonly peakBytes: number;
  readonly bytes: number;
  /** What WebGPU reported and no one caught: the result is void. */
  readonly gpuErrors: readonly string[];
  readonly values?: readonly number[];
  readonly trace?: number;
}

export interface TaskClosed {
  /** Of buffers that were left. */
  readonly bytes: number;
}

/** What the page or process keeps of all devices. */
interface Counters {
  readonly memory: GpuMemory;
  readonly errors: readonly string[];
}

/** A program of bench/peers/task that runs here. */
export class TaskSession {
  readonly #input: TaskInput;
  readonly #parts: TaskParts;
  readonly #counters: Counters;

  private constructor(input: TaskInput, parts: TaskParts, counters: Counters) {
    this.#input = input;
    this.#parts = parts;
    this.#counters = counters;
  }

  static async open(
    url: string,
    batch: number,
    counters: Counters,
  ): Promise<{ session: TaskSession; opened: TaskOpened }> {
    const input = taskInput(batch);
    const started = performance.now();
    const program: TaskProgram = await import(/* @vite-ignore */ url);
    const loaded = performance.now();
    const parts = await program.open(input);
    const opened = { load: loaded - started, open: performance.now() - loaded };
    return { session: new TaskSession(input, parts, counters), opened };
  }

  async do(part: TaskPart, wanted: boolean): Promise<PartDone> {
    const { memory, errors } = this.#counters;
    const before = errors.length;
    memory.restart();
    const started = performance.now();
    const { named, trace } = await computePart(this.#parts, part);
    const milliseconds = performance.now() - started;
    const { now, peak } = memory.bytes;
    return {
      milliseconds,
      peakBytes: peak,
      bytes: now,
      gpuErrors: errors.slice(before, before + 3),
      ...(wanted && { values: Array.from(partValues(named, this.#input)), trace }),
    };
  }

  async close(): Promise<TaskClosed> {
    await this.#parts.close();
    return { bytes: this.#counters.memory.bytes.now };
  }
}
