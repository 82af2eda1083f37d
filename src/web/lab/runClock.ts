/** The seconds that a run has run for: rests, and the time between two tabs, do not count. */
export class RunClock {
  #before: number;
  #since: number | null = null;

  /** @param before the seconds that it had run for when it was left */
  constructor(before = 0) {
    this.#before = before;
  }

  get seconds(): number {
    return this.#before + (this.#since === null ? 0 : (performance.now() - this.#since) / 1000);
  }

  start(): void {
    this.#since ??= performance.now();
  }

  rest(): void {
    this.#before = this.seconds;
    this.#since = null;
  }
}
