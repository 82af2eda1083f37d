import type { Gpu } from '../gpu/device.ts';
import type { KernelRecord } from '../gpu/runKernels.ts';
import { InputError } from '../host/inputError.ts';
import { requireSameContents, requireSameJob, requireSameKernels } from '../train/requireSameRun.ts';
import { runContents } from '../train/runContents.ts';
import {
  type RunIdentity,
  readSnapshot,
  requireShortJob,
  type Snapshot,
  writeSnapshot,
} from '../train/snapshot.ts';
import type { TrainEvent } from '../train/trainEvent.ts';
import type { TrainingOptions, TrainingRun } from '../train/trainingRun.ts';
import type { JobHost } from './jobEvent.ts';
import type { KeptRun } from './keptRun.ts';
import { isOrderFile, type ParsedTrainSpec } from './trainSpec.ts';

/**
 * The snapshot that a run is to go on from, where there is one yet.
 * @throws InputError if the description names none, or for one that is damaged, of another version, or of another run
 */
export async function earlierSnapshot(
  spec: ParsedTrainSpec,
  host: JobHost,
  { info }: Gpu,
): Promise<Snapshot | null> {
  requireSnapshotKey(spec);
  const { file } = spec.snapshot!;
  if ((await host.find?.(file))?.is === 'nothing') return null;
  const snapshot = await readSnapshot(file, await host.read(file), info);
  requireSameJob(snapshot, jobOf(spec), comparedKeys);
  requireSameKernels(snapshot, spec.kernels ?? {});
  return snapshot;
}

/** @throws InputError for a run that is to go on and keeps no snapshots */
export function requireSnapshotKey({ snapshot }: ParsedTrainSpec): void {
  if (snapshot) return;
  const expected = 'missing, expected {"file", "every"}: a run that is to be resumed keeps snapshots';
  throw new InputError('train.json', 'snapshot', expected);
}

/** Of a run's time, snapshots by the clock take this part at most. */
const SHARE_OF_TIME = 0.05;

/** Snapshots of a run, if its description asks for them: when, and of what. */
export class RunSnapshots {
  readonly #file: string;
  /** Steps between two; Infinity where the clock says when. */
  readonly #every: number;
  /** Seconds between two; Infinity where steps say when. */
  readonly #seconds: number;
  readonly #identity: RunIdentity;
  readonly #gpu: Gpu;
  readonly #kept: KeptRun | undefined;
  /** When the next one is due by the clock, in milliseconds of it. */
  #nextAt: number;
  #lastStep = -1;

  private constructor(
    { file, every, seconds }: NonNullable<ParsedTrainSpec['snapshot']>,
    identity: RunIdentity,
    gpu: Gpu,
    kept: KeptRun | undefined,
  ) {
    this.#kept = kept;
    this.#file = file;
    this.#every = every ?? Number.POSITIVE_INFINITY;
    this.#seconds = seconds ?? Number.POSITIVE_INFINITY;
    this.#identity = identity;
    this.#gpu = gpu;
    this.#nextAt = performance.now() + 1000 * this.#seconds;
  }

  /**
   * @param earlier the file that the run goes on from
   * @param kept keeps each state in memory as well
   * @throws InputError if that one's run was given something else
   */
  static async of(
    gpu: Gpu,
    spec: ParsedTrainSpec,
    options: TrainingOptions,
    {
      earlier,
      warnings,
      kernels,
      kept,
    }: {
      readonly earlier: Snapshot | null;
      readonly warnings: readonly string[];
      readonly kernels: KernelRecord;
      readonly kept?: KeptRun | undefined;
    },
  ): Promise<RunSnapshots | null> {
    if (!spec.snapshot) return null;
    const job = jobOf(spec);
    requireShortJob('train.json', job);
    const contents = await runContents(options);
    if (earlier) requireSameContents(earlier, contents, job);
    const identity = { job, contents, kernels, warnings };
    return new RunSnapshots(spec.snapshot, identity, gpu, kept);
  }

  /** The next step after one (counted from 1) at which there is one; Infinity where the clock says when. */
  next(step: number): number {
    return (Math.floor(step / this.#every) + 1) * this.#every;
  }

  /** The run's snapshot, if one is due after its steps so far. */
  async *due(run: TrainingRun): AsyncGenerator<TrainEvent, void, void> {
    const step = run.submitted;
    if (run.stopped || (step % this.#every !== 0 && step !== run.options.steps)) yield* this.dueByClock(run);
    else yield* this.now(run);
  }

  /** The same, if the clock says when: what is told of it before any reading of a later step. */
  async *dueByClock(run: TrainingRun): AsyncGenerator<TrainEvent, void, void> {
    if (!run.stopped && performance.now() >= this.#nextAt) yield* this.now(run);
  }

  /** By the clock the next one is due at once: something was changed that would be lost with the run. */
  soon(): void {
    if (this.#seconds < Number.POSITIVE_INFINITY) this.#nextAt = 0;
  }

  /** Before a run that its snapshots follow by the clock rests: it may never go on. */
  async *beforeRest(run: TrainingRun): AsyncGenerator<TrainEvent, void, void> {
    if (this.#seconds === Number.POSITIVE_INFINITY || run.submitted === 0) return;
    if (run.submitted !== this.#lastStep || this.#nextAt === 0) yield* this.now(run);
  }

  /** The run as it is after all steps submitted. */
  async *now(run: TrainingRun): AsyncGenerator<TrainEvent, void, void> {
    const began = performance.now();
    const step = run.submitted;
    const state = await run.snapshot();
    this.#kept?.keep(state, began);
    const tensors = await writeSnapshot(state, this.#identity, this.#gpu.info);
    yield { type: 'snapshot', file: this.#file, step, tensors };
    const ended = performance.now();
    this.#lastStep = step;
    this.#nextAt = ended + Math.max(1000 * this.#seconds, (ended - began) / SHARE_OF_TIME);
  }
}

/** A run's description but for where its snapshots go and how often: that may change. */
function jobOf({ snapshot: _, ...job }: ParsedTrainSpec): Readonly<Record<string, unknown>> {
  return job;
}

/** The keys that decide a run by what they say: of files only what they hold counts, and kernels are held to those taken. */
function comparedKeys(job: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { kernels: _, model: __, data: ___, weights: ____, ...compared } = job as ParsedTrainSpec;
  return {
    ...compared,
    order: isOrderFile(compared.order) ? 'a file' : compared.order,
    replicas: compared.replicas?.map(({ weights: _, ...replica }) => replica),
  };
}
