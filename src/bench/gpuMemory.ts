/** Bytes of the buffers that have been made and neither destroyed nor collected. */
export interface GpuBytes {
  readonly now: number;
  /** The most at once since `restart`. */
  readonly peak: number;
}

interface Held {
  readonly size: number;
  readonly device: GPUDevice;
}

/** Counts the buffers of every device of this page or process. What a device holds goes with it. */
export class GpuMemory {
  readonly #held = new Set<Held>();
  /** Weak, so that what a library leaves to the garbage collector goes as it would without being counted. */
  readonly #of = new WeakMap<GPUBuffer, Held>();
  readonly #collected = new FinalizationRegistry<Held>((held) => this.#gone(held));
  #now = 0;
  #peak = 0;

  /** @param classes WebGPU's, whose methods are replaced by ones that count: before anyone makes a buffer */
  constructor(classes: { readonly GPUDevice: typeof GPUDevice; readonly GPUBuffer: typeof GPUBuffer }) {
    const [ofDevice, ofBuffer] = [classes.GPUDevice.prototype, classes.GPUBuffer.prototype];
    const { createBuffer, destroy } = ofDevice;
    const destroyBuffer = ofBuffer.destroy;
    const made = (buffer: GPUBuffer, held: Held) => this.#made(buffer, held);
    const gone = (buffer: GPUBuffer) => this.#gone(this.#of.get(buffer));
    const lost = (device: GPUDevice) => this.#lost(device);
    ofDevice.createBuffer = function (descriptor) {
      const buffer = createBuffer.call(this, descriptor);
      made(buffer, { size: descriptor.size, device: this });
      return buffer;
    };
    ofDevice.destroy = function () {
      lost(this);
      return destroy.call(this);
    };
    ofBuffer.destroy = function () {
      gone(this);
      return destroyBuffer.call(this);
    };
  }

  get bytes(): GpuBytes {
    return { now: this.#now, peak: this.#peak };
  }

  /** From now on the peak is of what lies there now and what comes. */
  restart(): void {
    this.#peak = this.#now;
  }

  #made(buffer: GPUBuffer, held: Held): void {
    this.#held.add(held);
    this.#of.set(buffer, held);
    this.#collected.register(buffer, held);
    this.#now += held.size;
    this.#peak = Math.max(this.#peak, this.#now);
  }

  #gone(held: Held | undefined): void {
    if (held && this.#held.delete(held)) this.#now -= held.size;
  }

  #lost(device: GPUDevice): void {
    for (const held of this.#held) if (held.device === device) this.#gone(held);
  }
}
