import { InputError } from '../host/inputError.ts';
import { showShape } from '../host/showShape.ts';
import { showValue } from '../host/showValue.ts';
import { type Gpu, largestBinding } from './device.ts';
import { LimitError } from './limitError.ts';
import { orLost } from './orLost.ts';
import { requireGpu } from './requireGpu.ts';
import { type GivenValues, typedValues } from './typedValues.ts';

/** What a state holds. */
export interface StateOptions {
  readonly label: string;
  /** One replica's shape. */
  readonly shape: readonly number[];
  readonly dtype?: 'f32' | 'u32';
  /** R for a state that every replica has its own of; left out for a shared one. */
  readonly replicas?: number;
}

/** What `state` makes a state of. */
export interface NewState {
  /** One replica's shape; [] for a scalar. */
  readonly shape: readonly number[];
  /** What it holds at first, in row-major order: one replica's values, which all get, or all replicas' one after the other. Zeros if left out. */
  readonly values?: GivenValues | undefined;
  /** How messages and `toString` name it. */
  readonly label?: string | undefined;
  /** Left out: that of `values`, else 'f32'. */
  readonly dtype?: 'f32' | 'u32' | undefined;
  /** R for a state that every replica has its own of; left out for one that all share. */
  readonly replicas?: number | undefined;
}

/**
 * A state on the device, for traced programs to read and store into. It belongs to the caller: `dispose` frees it.
 * @throws InputError if extents or replicas are no whole numbers, or there are more or fewer values than elements
 * @throws LimitError if it passes the adapter's largest storage binding, with both sizes
 */
export function state(gpu: Gpu, { shape, values, label, dtype, replicas }: NewState): State {
  requireGpu('state', gpu);
  const name = label ?? `state ${Array.isArray(shape) ? showShape(shape) : ''}`.trim();
  const refuse = (item: string, reason: string): never => {
    throw new InputError(name, item, reason);
  };
  const isCount = (n: unknown, least: number): boolean => Number.isInteger(n) && (n as number) >= least;
  if (!Array.isArray(shape) || !shape.every((extent) => isCount(extent, 1))) {
    refuse('shape', `${showValue(shape)}, expected a list of positive integers`);
  }
  if (replicas !== undefined && !isCount(replicas, 1)) {
    refuse('replicas', `${showValue(replicas)}, expected a positive integer`);
  }
  const kind = dtype ?? (values instanceof Uint32Array ? 'u32' : 'f32');
  if (kind !== 'f32' && kind !== 'u32') refuse('dtype', `${showValue(kind)}, expected "f32" or "u32"`);
  // In `write` they would be the bits of floats.
  if (values instanceof Uint32Array && kind === 'f32') refuse('values', 'a Uint32Array, and dtype is "f32"');
  const typed = values === undefined ? undefined : typedValues(name, values, kind);
  const elements = shape.reduce((product, extent) => product * extent, 1);
  const all = elements * (replicas ?? 1);
  if (typed && typed.length !== elements && typed.length !== all) {
    const expected = all === elements ? `${elements}` : `${elements} for each replica alike, or ${all}`;
    refuse('values', `${typed.length} given, expected ${expected} for the shape ${showShape(shape)}`);
  }
  const made = new State(gpu, { label: name, shape: [...shape], dtype: kind, replicas });
  if (!typed) return made;
  for (let replica = 0; replica < made.replicas; replica++) {
    const at = typed.length === all ? replica * elements : 0;
    made.write(typed.subarray(at, at + elements), { replica });
  }
  return made;
}

/** Elements of one replica are rounded up to this, so that every replica starts at a vec4 and at 256 bytes. */
export const ALIGNMENT = 64;

export function aligned(elements: number): number {
  return Math.ceil(elements / ALIGNMENT) * ALIGNMENT;
}

/**
 * A buffer that outlives programs: parameters, momentum, averages, counters, rings, data sets. It belongs to a run;
 * programs borrow it. Zero when made.
 */
export class State {
  readonly label: string;
  readonly shape: readonly number[];
  readonly dtype: 'f32' | 'u32';
  readonly replicas: number;
  readonly replicated: boolean;
  /** Elements of one replica, and the distance between replicas (0 if shared). */
  readonly elements: number;
  readonly replicaStride: number;
  /** A state starts where its buffer does. */
  readonly offset = 0;
  readonly buffer: GPUBuffer;
  readonly #gpu: Gpu;
  #version = 0;
  #disposed = false;

  /**
   * @throws Error if extents or replicas are no whole numbers
   * @throws LimitError if the adapter's largest storage binding is passed, with both sizes
   */
  constructor(gpu: Gpu, { label, shape, dtype = 'f32', replicas }: StateOptions) {
    const isCount = (n: number, least: number): boolean => Number.isInteger(n) && n >= least;
    if (!shape.every((extent) => isCount(extent, 0)) || !isCount(replicas ?? 1, 1)) {
      throw new Error(`${label}: ${replicas ?? 1} × [${shape.join(', ')}], expected whole numbers`);
    }
    this.label = label;
    this.shape = shape;
    this.dtype = dtype;
    this.replicas = replicas ?? 1;
    this.replicated = replicas !== undefined;
    this.elements = shape.reduce((product, extent) => product * extent, 1);
    this.replicaStride = this.replicated ? aligned(this.elements) : 0;
    this.#gpu = gpu;
    const bytes =
      4 * aligned(Math.max(1, this.replicated ? this.replicaStride * this.replicas : this.elements));
    const limit = largestBinding(gpu);
    if (bytes > limit) {
      throw new LimitError(
        `${label}: ${bytes} bytes (${this.replicas} × [${shape.join(', ')}]) pass this adapter's largest storage ` +
          `binding of ${limit} bytes`,
      );
    }
    this.buffer = gpu.device.createBuffer({
      label,
      size: bytes,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
  }

  /**
   * How often the content was written, by the host or by a program: what was made of it at this version is made of what it
   * holds now. Whoever writes the buffer past this class has to say so by `wrote`.
   */
  get version(): number {
    return this.#version;
  }

  /** Its memory is freed. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /** Whether it lies on that device. */
  isOn({ device }: Gpu): boolean {
    return this.#gpu.device === device;
  }

  /** Says that a command that was encoded writes the content. */
  wrote(): void {
    this.#version++;
  }

  /**
   * Uploads one replica's values (or the shared ones), from element `at` on.
   * The words of a Uint32Array are taken as the bits of floats where the state holds those.
   * @param replica may be left out where there is one
   * @throws InputError for what are no numbers of its type, or where the replica is left out and there are several
   * @throws if they pass the end of the state, or there is no such replica
   */
  write(given: GivenValues, { replica, at = 0 }: { replica?: number; at?: number } = {}): void {
    this.#requireLive('written');
    const values = typedValues(this.label, given, this.dtype);
    if (!(at >= 0 && at + values.length <= this.elements)) {
      throw new Error(
        `${this.label}: ${values.length} values given from element ${at} on, it holds ${this.elements}`,
      );
    }
    const r = this.#replica(replica, 'writeAll(values) writes those of all');
    const offset = 4 * (r * this.replicaStride + at);
    this.wrote();
    this.#gpu.device.queue.writeBuffer(this.buffer, offset, values as Float32Array<ArrayBuffer>);
  }

  /**
   * Reads one replica's values (or the shared ones). Waits for all that was submitted before.
   * @param replica may be left out where there is one
   * @throws InputError if it is left out where there are several
   * @throws if there is no such replica, or the state is not of float32
   */
  async read(replica?: number): Promise<Float32Array> {
    if (this.dtype !== 'f32') throw new Error(`${this.label}: read as f32, it holds ${this.dtype}`);
    return new Float32Array(await this.#readBytes(replica));
  }

  /** The same of a state of integers; of one of floats their bits. */
  async readU32(replica?: number): Promise<Uint32Array> {
    return new Uint32Array(await this.#readBytes(replica));
  }

  /**
   * The number of a state of one element, of either type. Waits for all that was submitted before.
   * @param replica may be left out where there is one
   * @throws InputError if it holds more elements, or the replica is left out where there are several
   */
  async item(replica?: number): Promise<number> {
    const r = this.#replica(replica, 'items() reads those of all');
    return (await this.items())[r]!;
  }

  /**
   * The numbers of a state of one element, one a replica. Waits for all that was submitted before.
   * @throws InputError if it holds more elements
   */
  async items(): Promise<number[]> {
    if (this.elements !== 1) {
      throw new InputError(
        this.label,
        'item',
        `it is ${showShape(this.shape)}, expected one element: use read()`,
      );
    }
    const bits = await this.readAll();
    return Array.from(this.dtype === 'u32' ? bits : new Float32Array(bits.buffer));
  }

  /** All replicas' values one after the other, as bits. Waits for all that was submitted before. */
  async readAll(): Promise<Uint32Array<ArrayBuffer>> {
    const spaced = new Uint32Array(await this.#readRange(0, this.#last));
    if (this.replicas === 1) return spaced;
    const values = new Uint32Array(this.replicas * this.elements);
    for (let r = 0; r < this.replicas; r++) {
      const from = r * this.replicaStride;
      values.set(spaced.subarray(from, from + this.elements), r * this.elements);
    }
    return values;
  }

  /**
   * Uploads all replicas' values, as `readAll` gives them.
   * @throws if there are more or fewer
   */
  writeAll(values: Float32Array | Uint32Array): void {
    if (values.length !== this.replicas * this.elements) {
      const needed = `${this.replicas} × ${this.elements}`;
      throw new Error(`${this.label}: ${values.length} values given, it holds ${needed}`);
    }
    if (this.replicas === 1) {
      this.write(values);
      return;
    }
    this.#requireLive('written');
    const typed = typedValues(this.label, values, this.dtype);
    const words = new Uint32Array(typed.buffer, typed.byteOffset, typed.length);
    const spaced = new Uint32Array(this.#last);
    for (let r = 0; r < this.replicas; r++) {
      spaced.set(words.subarray(r * this.elements, (r + 1) * this.elements), r * this.replicaStride);
    }
    this.wrote();
    this.#gpu.device.queue.writeBuffer(this.buffer, 0, spaced);
  }

  /** Elements up to the end of the last replica. */
  get #last(): number {
    return (this.replicas - 1) * this.replicaStride + this.elements;
  }

  #requireLive(what: string): void {
    if (this.#disposed) throw new Error(`${this.label}: ${what} after it was disposed of`);
  }

  /**
   * The replica that is meant.
   * @param all what serves all of them at once, for the message
   */
  #replica(given: number | undefined, all: string): number {
    if (given === undefined && this.replicas > 1) {
      const reason = `left out, expected one of 0 to ${this.replicas - 1}; ${all}`;
      throw new InputError(this.label, 'replica', reason);
    }
    this.#requireReplica(given ?? 0);
    return given ?? 0;
  }

  #requireReplica(replica: number): void {
    if (!(Number.isInteger(replica) && replica >= 0 && replica < this.replicas)) {
      throw new Error(`${this.label}: no replica ${replica}, it has ${this.replicas}`);
    }
  }

  /** A shared state with one replica's values (or the shared ones) as they are after all that was submitted. */
  copyOf(replica: number): State {
    this.#requireLive('copied');
    this.#requireReplica(replica);
    const copy = new State(this.#gpu, { label: this.label, shape: this.shape, dtype: this.dtype });
    const { device } = this.#gpu;
    const encoder = device.createCommandEncoder({ label: `copy ${this.label}` });
    const from = 4 * replica * this.replicaStride;
    encoder.copyBufferToBuffer(this.buffer, from, copy.buffer, 0, 4 * this.elements);
    device.queue.submit([encoder.finish()]);
    return copy;
  }

  /** Takes over a part of a state that is of one replica, or shared: `elements` from `from` on, to `at` on. */
  copyFrom(source: State, { elements = source.elements, from = 0, at = 0 } = {}): void {
    source.#requireLive('copied');
    this.#requireLive('written');
    const { device } = this.#gpu;
    const encoder = device.createCommandEncoder({ label: `copy ${source.label} to ${this.label}` });
    encoder.copyBufferToBuffer(source.buffer, 4 * from, this.buffer, 4 * at, 4 * elements);
    this.wrote();
    device.queue.submit([encoder.finish()]);
  }

  /** Zeros, after all that was submitted. */
  clear(): void {
    const { device } = this.#gpu;
    const encoder = device.createCommandEncoder({ label: `clear ${this.label}` });
    encoder.clearBuffer(this.buffer);
    this.wrote();
    device.queue.submit([encoder.finish()]);
  }

  async #readBytes(replica: number | undefined): Promise<ArrayBuffer> {
    const r = this.#replica(replica, 'readAll() reads those of all, as bits');
    return this.#readRange(r * this.replicaStride, this.elements);
  }

  async #readRange(from: number, elements: number): Promise<ArrayBuffer> {
    this.#requireLive('read');
    const { device } = this.#gpu;
    const bytes = 4 * elements;
    const staging = device.createBuffer({
      label: `${this.label} read-back`,
      size: Math.max(4, bytes),
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    const encoder = device.createCommandEncoder({ label: `read ${this.label}` });
    encoder.copyBufferToBuffer(this.buffer, 4 * from, staging, 0, bytes);
    device.queue.submit([encoder.finish()]);
    try {
      await orLost(this.#gpu, staging.mapAsync(GPUMapMode.READ));
      return staging.getMappedRange().slice(0, bytes);
    } finally {
      staging.destroy();
    }
  }

  /** Frees its memory. A second call does nothing. */
  dispose(): void {
    this.#disposed = true;
    this.buffer.destroy();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
