/** How often what grows is kept. */
export interface KeepingPace {
  /** Milliseconds between two times, at least. */
  readonly interval: number;
  /** The part of the work's time that keeping it takes, at most. */
  readonly share: number;
}

const PACE: KeepingPace = { interval: 10_000, share: 0.02 };

/**
 * The parts of a job that are done, by name, as the host has them: where the device is lost, the job begins again on another one and does
 * not do them again.
 */
export class FinishedParts {
  /** The kernels that the parts took: variant by the exact shape, by family. */
  readonly kernels: Record<string, Record<string, string>> = {};
  /** Of a part that grows while the job goes on. */
  readonly pace: KeepingPace;
  readonly #parts = new Map<string, unknown>();
  #kept = 0;

  constructor(pace: KeepingPace = PACE) {
    this.pace = pace;
  }

  /** How often a part was kept, or kept anew: a job gets on as long as this grows. */
  get kept(): number {
    return this.#kept;
  }

  get<Part>(name: string): Part | undefined {
    return this.#parts.get(name) as Part | undefined;
  }

  /** The part of that name, or what the work gives, which is kept. */
  async once<Part>(name: string, work: () => Promise<Part>): Promise<Part> {
    if (this.#parts.has(name)) return this.#parts.get(name) as Part;
    return this.keep(name, await work());
  }

  /** Keeps a part, in place of the one of that name, and gives it back. */
  keep<Part>(name: string, part: Part): Part {
    this.#parts.set(name, part);
    this.#kept++;
    return part;
  }
}
