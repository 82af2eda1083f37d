/** Numbers that are added at the end, again and again: what came from the ring, of all recorded steps in their order. */
export class ReadingRows {
  #values = new Float32Array(1024);
  #length = 0;

  /** Takes copies. In all as much is copied as is added, but for a constant factor. */
  push(values: Float32Array): void {
    const length = this.#length + values.length;
    if (length > this.#values.length) {
      const larger = new Float32Array(Math.max(length, 2 * this.#values.length));
      larger.set(this.#values.subarray(0, this.#length));
      this.#values = larger;
    }
    this.#values.set(values, this.#length);
    this.#length = length;
  }

  /** All so far, a copy. */
  all(): Float32Array<ArrayBuffer> {
    return this.#values.slice(0, this.#length);
  }
}
