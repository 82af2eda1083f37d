import type { KernelRecord } from '../gpu/runKernels.ts';
import type { FinishedParts } from '../host/finishedParts.ts';
import type { RunState } from '../train/snapshot.ts';
import type { TrainingRun } from '../train/trainingRun.ts';

/** A run in memory, between two steps: from here it goes on where its device is lost. */
export interface KeptState extends RunState {
  /** How messages name it. */
  readonly file: string;
  readonly kernels: KernelRecord;
  readonly warnings: readonly string[];
}

const NAME = 'run';

/** The run that a job kept before its device was lost, if it got so far. */
export function keptState(finished: FinishedParts | undefined): KeptState | null {
  return finished?.get<KeptState>(NAME) ?? null;
}

/** Keeps a run in memory now and then, by the clock, and whenever its state is read for a snapshot anyway. */
export class KeptRun {
  readonly #finished: FinishedParts;
  readonly #of: Pick<KeptState, 'kernels' | 'warnings'>;
  #nextAt: number;

  constructor(finished: FinishedParts, of: Pick<KeptState, 'kernels' | 'warnings'>) {
    this.#finished = finished;
    this.#of = of;
    this.#nextAt = performance.now() + finished.pace.interval;
  }

  /** Keeps the run as it is after all steps submitted, if that is due. */
  async keepDue(run: TrainingRun): Promise<void> {
    const began = performance.now();
    if (run.stopped || began < this.#nextAt) return;
    this.keep(await run.snapshot(), began);
  }

  /** @param began when the state's reading began, in milliseconds of the clock */
  keep(state: RunState, began: number): void {
    this.#finished.keep<KeptState>(NAME, { ...state, ...this.#of, file: 'the run in memory' });
    const { interval, share } = this.#finished.pace;
    const now = performance.now();
    this.#nextAt = now + Math.max(interval, (now - began) / share);
  }
}
