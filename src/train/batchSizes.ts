/** B from a step on, counted from 0. */
export interface BatchFrom {
  readonly fromStep: number;
  readonly batchSize: number;
}

/** B of every step of a run, counted from 0: as its table has it, and as it was changed on the way. */
export class BatchSizes {
  readonly #entries: BatchFrom[];

  /** @param table ascending, the first entry from step 0 */
  constructor(table: readonly BatchFrom[]) {
    this.#entries = [...table];
  }

  get entries(): readonly BatchFrom[] {
    return this.#entries;
  }

  at(step: number): number {
    return this.#entries.findLast(({ fromStep }) => fromStep <= step)!.batchSize;
  }

  /** Examples of the first so many steps. */
  drawnBy(steps: number): number {
    return this.#entries.reduce((drawn, { fromStep, batchSize }, i) => {
      const until = Math.min(steps, this.#entries[i + 1]?.fromStep ?? Number.POSITIVE_INFINITY);
      return drawn + Math.max(0, until - fromStep) * batchSize;
    }, 0);
  }

  /** Another B from a step on to the end. */
  change({ fromStep, batchSize }: BatchFrom): void {
    while (this.#entries.length > 0 && this.#entries.at(-1)!.fromStep >= fromStep) this.#entries.pop();
    this.#entries.push({ fromStep, batchSize });
  }
}
