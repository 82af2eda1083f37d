/** Handles by which a page steers a run that is under way. */
export class RunControl {
  #paused = false;
  #stopped = false;
  #wake: (() => void)[] = [];
  readonly #learningRates = new Map<number | 'all', number>();
  #batchSize: number | null = null;

  get paused(): boolean {
    return this.#paused;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** The run takes no further step until `resume`; what is under way on the GPU is finished. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Ends the run after the steps under way; it still evaluates and yields its result. */
  stop(): void {
    this.#stopped = true;
    this.resume();
  }

  /** The rate from the next step on, in place of the schedule's; of one replica or of all. */
  setLearningRate(learningRate: number, replica?: number): void {
    this.#learningRates.set(replica ?? 'all', learningRate);
  }

  /** Rates set since the last call. */
  takeLearningRates(): ReadonlyMap<number | 'all', number> {
    const taken = new Map(this.#learningRates);
    this.#learningRates.clear();
    return taken;
  }

  /** B from the next step on, in place of the schedule's. */
  setBatchSize(batchSize: number): void {
    this.#batchSize = batchSize;
  }

  /** Whether a batch size was set that no one has taken. */
  get resizes(): boolean {
    return this.#batchSize !== null;
  }

  /** The batch size set since the last call; null for none. */
  takeBatchSize(): number | null {
    const taken = this.#batchSize;
    this.#batchSize = null;
    return taken;
  }

  /** Settles when the run may go on. */
  async whileRunning(): Promise<void> {
    while (this.#paused && !this.#stopped) await new Promise<void>((wake) => this.#wake.push(wake));
  }
}
