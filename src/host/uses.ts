/** Something that may be disposed of while it is at work: what it holds is freed once the work is done, and no new work begins. */
export class Uses {
  readonly #what: string;
  #count = 0;
  #disposed = false;
  #free: (() => void) | null = null;

  /** @param what how messages call it */
  constructor(what: string) {
    this.#what = what;
  }

  /** @throws if it is disposed of */
  requireHeld(): void {
    if (this.#disposed) throw new Error(`this ${this.#what} is disposed of`);
  }

  /**
   * Some work, during which nothing is freed.
   * @throws if it is disposed of
   */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.requireHeld();
    this.#count++;
    try {
      return await work();
    } finally {
      if (--this.#count === 0) this.#free?.();
    }
  }

  /** Frees what it holds, at once or when the work is done. A second call does nothing. */
  dispose(free: () => void): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#count === 0) free();
    else this.#free = free;
  }
}
