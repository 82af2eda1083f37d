/** Seconds over which the rate is taken. */
const WINDOW = 5;

/** How many steps a run takes a second, over the last few. */
export class StepRate {
  #marks: { readonly at: number; readonly done: number }[] = [];

  /** Begins anew: after a rest, or at another phase. */
  reset(): void {
    this.#marks = [];
  }

  /** Takes how many were done by now. @returns so many a second; undefined until it can be told */
  take(done: number): number | undefined {
    const at = performance.now() / 1000;
    this.#marks.push({ at, done });
    while (this.#marks.length > 2 && at - this.#marks[1]!.at > WINDOW) this.#marks.shift();
    const first = this.#marks[0]!;
    return at - first.at > 0.2 ? (done - first.done) / (at - first.at) : undefined;
  }
}
