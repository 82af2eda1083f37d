import type { FollowedRun, Instrument, Told } from '../measure/instrument.ts';
import { temperature } from '../measure/statistics/sgdNoise.ts';
import type { FlatLayout } from '../ops/flat.ts';
import type { BatchSizes } from './batchSizes.ts';
import type { Reading } from './reading.ts';
import type { StepReading } from './runReadings.ts';
import { stepSampling } from './stepSampling.ts';
import type { Replica, TrainingOptions } from './trainingRun.ts';

/** A run whose loss or weights are no longer finite. */
export interface Divergence {
  /** The first step at which it showed, counted from 1. */
  readonly step: number;
  readonly reason: string;
}

/** What instruments follow of a run. */
export function followedRun({ options, layout, batches }: LoggedRun): FollowedRun {
  return { names: layout.entries.map(({ name }) => name), sampling: stepSampling(options, batches) };
}

/** What a log is kept of. */
interface LoggedRun {
  readonly options: TrainingOptions;
  readonly layout: FlatLayout;
  readonly batches: BatchSizes;
}

/** A log for each replica of a run. */
export function replicaLogs(run: LoggedRun): ReplicaLog[] {
  const { instruments = [], replicas } = run.options;
  const followed = followedRun(run);
  return replicas.map(({ settings }) => new ReplicaLog(instruments, followed, settings));
}

/** What is kept of one replica while it trains. */
export class ReplicaLog {
  readonly losses: number[] = [];
  /** What each instrument told, by its type. */
  readonly told: ReadonlyMap<string, ({ readonly step: number } & Told)[]>;
  readonly measured: Reading[] = [];
  readonly #followers: readonly { readonly type: string; readonly take: ReturnType<Instrument['follow']> }[];
  readonly #settings: Replica['settings'];
  diverged: Divergence | null = null;
  /** Whether the divergence has been told. */
  divergenceTold = false;

  constructor(instruments: readonly Instrument[], run: FollowedRun, settings: Replica['settings']) {
    this.#followers = instruments.map((instrument) => ({
      type: instrument.type,
      take: instrument.follow(run),
    }));
    this.told = new Map(instruments.map(({ type }) => [type, []]));
    this.#settings = settings;
  }

  /**
   * Takes a step's reading in.
   * @returns what is to be told; null once the replica has diverged
   */
  take({ found, ...step }: StepReading): Reading | null {
    if (this.diverged) return null;
    if (!Number.isFinite(step.loss)) {
      this.diverged = { step: step.step, reason: 'the loss is not finite' };
      return null;
    }
    this.losses.push(step.loss);
    const { learningRate: lr, batchSize } = step;
    const settings = this.#settings;
    const ofSgd = 'momentum' in settings ? temperature({ lr, batchSize, ...settings }) : null;
    const reading: Reading = { ...step, temperature: ofSgd };
    const told = this.#followers.flatMap(({ type, take }, i) =>
      found[i] === undefined ? [] : [[type, take(found[i], step)] as const],
    );
    if (told.length === 0) return reading;
    for (const [type, numbers] of told) this.told.get(type)!.push({ step: step.step, ...numbers });
    const { noise_scale: noise, ...others } = Object.fromEntries(told);
    const measured: Reading = {
      ...reading,
      ...noise,
      ...(Object.keys(others).length > 0 ? { instruments: others } : {}),
    };
    if (noise) this.measured.push(measured);
    return measured;
  }
}
