/** Work that is done one after the other, in the order in which it is asked for: what shares buffers. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does some work once all that was asked for before is done, or has failed. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const made = this.#last.then(work);
    this.#last = made.catch(() => {});
    return made;
  }
}
