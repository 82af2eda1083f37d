/** A buffer, or what holds buffers. */
export type Held = { dispose(): void } | { destroy(): void };

/**
 * What is made together and freed together. `Scope.make` opens an object that holds several buffers, so that none is left
 * where the opening fails half-way; `Scope.within` is for what is needed for a while.
 */
export class Scope {
  #held: Held[] | null = [];

  /**
   * Makes something of several parts: what was put into the scope is freed if `make` throws, and belongs to what `make` made
   * otherwise, which keeps the scope to dispose of it.
   */
  static async make<T>(make: (scope: Scope) => Promise<T>): Promise<T> {
    const scope = new Scope();
    try {
      return await make(scope);
    } catch (error) {
      scope.dispose();
      throw error;
    }
  }

  /** `make` for what is made without waiting. */
  static makeNow<T>(make: (scope: Scope) => T): T {
    const scope = new Scope();
    try {
      return make(scope);
    } catch (error) {
      scope.dispose();
      throw error;
    }
  }

  /** Frees what was put into the scope when `use` is done, or has failed. */
  static async within<T>(use: (scope: Scope) => Promise<T>): Promise<T> {
    const scope = new Scope();
    try {
      return await use(scope);
    } finally {
      scope.dispose();
    }
  }

  /**
   * Puts something into the scope.
   * @throws if the scope is disposed of; what was given is freed then
   */
  own<T extends Held>(made: T): T {
    if (!this.#held) {
      free(made);
      throw new Error('made for something that is disposed of');
    }
    this.#held.push(made);
    return made;
  }

  /**
   * Puts what several promises make into the scope. Waits for all of them, so that nothing is made after a failure was told.
   * @throws the first failure, in the order given
   */
  async all<T extends Held>(making: Iterable<Promise<T>>): Promise<T[]> {
    const settled = await Promise.allSettled(making);
    const made = settled.flatMap((each) => (each.status === 'fulfilled' ? [this.own(each.value)] : []));
    const failed = settled.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
    return made;
  }

  /** Frees all, the last one first. A second call does nothing. */
  dispose(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const made of held.reverse()) free(made);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function free(made: Held): void {
  if ('dispose' in made) made.dispose();
  else made.destroy();
}
