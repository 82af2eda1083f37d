import { type Dataset, fitDataset } from '../data/dataset.ts';
import { requireDataset } from '../data/requireDataset.ts';
import type { Gpu } from '../gpu/device.ts';
import { DeviceLostError } from '../gpu/orLost.ts';
import type { Program } from '../gpu/program.ts';
import { Scope } from '../gpu/scope.ts';
import { InputError } from '../host/inputError.ts';
import { requireNumber } from '../host/requireNumber.ts';
import { requireOptions } from '../host/requireOptions.ts';
import { showValue } from '../host/showValue.ts';
import { Turns } from '../host/turns.ts';
import type { Evaluation, Evaluator } from '../measure/evaluation/evaluator.ts';
import { type ModelPoint, modelPoint } from '../measure/modelPoint.ts';
import { type ModelSpec, stateDictLayout } from '../nn/modelSpec.ts';
import { type StateDictTensor, stateDictTensors } from '../nn/stateDict.ts';
import { captureCount } from '../optim/captureSteps.ts';
import { SETTINGS } from './checkSettings.ts';
import { describeRun } from './describeRun.ts';
import type { FoundRate } from './lrSearch.ts';
import type { Reading } from './reading.ts';
import type { ReplicaSettings } from './replicaGrid.ts';
import { type Divergence, type ReplicaLog, replicaLogs } from './replicaLog.ts';
import { type RunContents, runContents } from './runContents.ts';
import type { StepReading } from './runReadings.ts';
import { type ReplicaSelection, selectReplica } from './selectReplica.ts';
import { type RunIdentity, requireShortJob, writeSnapshot } from './snapshot.ts';
import type { TrainingRun } from './trainingRun.ts';
import { foundRate, type UsedBatch, usedBatches } from './usedBatches.ts';

/** What one replica of a run shows after a step. */
export interface TrainingReading extends Reading {
  /** What the replica was given at the start; ε of this step is `learningRate`. */
  readonly settings: ReplicaSettings;
  /** Drawn so far, those of this step included. */
  readonly examples: number;
  /** These over N: passes over the data. */
  readonly epoch: number;
}

/** Which weights of a run. */
export interface WhichWeights {
  /** The last ones by default; `averaged` for those of the run's averaging. */
  readonly which?: 'last' | 'averaged' | undefined;
}

/** Which point of a run. */
export interface PointOfRun extends WhichWeights {
  /**
   * `train` by default: BatchNorm normalises by the batch. `eval` takes running statistics, which are recomputed for averaged weights.
   */
  readonly mode?: 'train' | 'eval' | undefined;
  /** What is measured: the training data by default; others stay on the device until the run is disposed of. */
  readonly data?: Dataset | undefined;
}

/** What a `Training` is made of. */
interface TrainingParts {
  readonly replicas: readonly ReplicaSettings[];
  /** What stands for the data that it trains on: as they were given, where nothing is drawn of them. */
  readonly data: Dataset;
  /** What measures its points: what they choose is no part of the run's record of kernels. */
  readonly device: Gpu;
  /** That it takes on the device at most. */
  readonly bytes: number;
  /** What may not be meant as it was given. */
  readonly notes: readonly string[];
  readonly identity: Omit<RunIdentity, 'contents'>;
}

/** The constructor is private, so that no part of a run is in a public type: what makes trainings is handed out here alone. */
let make: (run: TrainingRun, of: TrainingParts) => Training;

/** @param run is freed with the training */
export function trainingOf(run: TrainingRun, of: TrainingParts): Training {
  return make(run, of);
}

/**
 * A run under way, which `train` makes. Nothing runs but what is asked for by taking readings. A replica is meant by its place or by
 * settings that it alone has, `{ lr: 0.1, seed: 0 }`; where there is one, by nothing.
 */
export class Training {
  readonly model: ModelSpec;
  /** Settings of each replica, as they were at the start. */
  readonly replicas: readonly ReplicaSettings[];
  readonly #run: TrainingRun;
  readonly #of: TrainingParts;
  #contents: Promise<RunContents> | undefined;
  readonly #logs: readonly ReplicaLog[];
  readonly #scope = new Scope();
  readonly #turns = new Turns();
  #disposed = false;
  /** Those that are not disposed of. */
  readonly #points = new Set<ModelPoint>();
  /** Data sets beside its own, as given and as the model takes them. */
  readonly #others = new WeakMap<Dataset, Dataset>();
  /** By the data set as it was given. */
  readonly #evaluators = { last: new Map<Dataset, Evaluator>(), averaged: new Map<Dataset, Evaluator>() };
  /** Readings that came back, and how many of them were told. */
  #unread: { readonly readings: readonly StepReading[]; at: number } = { readings: [], at: 0 };
  #lastStep = 0;

  static {
    make = (run, of) => new Training(run, of);
  }

  private constructor(run: TrainingRun, of: TrainingParts) {
    this.model = run.options.model;
    this.replicas = of.replicas;
    this.#run = this.#scope.own(run);
    this.#of = of;
    this.#logs = replicaLogs(run);
  }

  /**
   * Takes steps and yields a reading for each step and replica, up to step `until` (counted from 1; all by default), each reading
   * once. The device is some steps ahead of what was yielded; left early, the next call goes on with the next reading. A replica
   * that diverges yields no more, and when all have diverged the run ends: `steps` and `diverged` tell where. A run that goes on
   * from a snapshot yields its readings again, from the first step on.
   * @throws DeviceLostError naming the last step read
   */
  async *readings(until = Number.POSITIVE_INFINITY): AsyncGenerator<TrainingReading, void, void> {
    yield* this.#told(until);
    const chunks = this.#run.steps(until);
    for (;;) {
      const ended = await this.#inTurn(async () => {
        const { value, done } = await chunks.next();
        const left = this.#unread.readings.slice(this.#unread.at);
        this.#unread = { readings: left.concat(value ?? []), at: 0 };
        return done;
      });
      yield* this.#told(until);
      if (ended) return;
    }
  }

  /** Those of the readings that came back which no one has had, up to step `until`. */
  *#told(until: number): Generator<TrainingReading, void, void> {
    const { batches, options } = this.#run;
    for (;;) {
      const step = this.#unread.readings[this.#unread.at];
      if (!step || step.step > until) return;
      this.#unread.at++;
      this.#lastStep = step.step;
      const reading = this.#logs[step.replica]!.take(step);
      if (!reading) continue;
      const examples = batches.drawnBy(step.step);
      const settings = this.replicas[step.replica]!;
      yield { ...reading, settings, examples, epoch: examples / options.dataset.examples };
    }
  }

  /** Steps taken so far; no more are where all replicas have diverged. */
  get steps(): number {
    return this.#run.submitted;
  }

  /**
   * The batch sizes of the steps taken so far, each from its first step on, and why: where `batchSchedule` is a rule it decides them.
   * @throws InputError unless one replica is meant
   */
  batchSizes(selection?: ReplicaSelection): readonly UsedBatch[] {
    return usedBatches(this.#run, selectReplica(this.replicas, selection), this.steps);
  }

  /**
   * What the line search for ε found, once it has been; null without one.
   * @throws InputError unless one replica is meant
   */
  lrSearch(selection?: ReplicaSelection): FoundRate | null {
    return foundRate(this.#run, selectReplica(this.replicas, selection));
  }

  /**
   * The programs that it runs, compiled before the first step: a step of each batch size and of what is measured at it, the average. Behind
   * them, once they are compiled, those in which a step is one kernel.
   */
  get programs(): readonly Program[] {
    return this.#run.programs;
  }

  /**
   * The run as it is after all steps taken, as bytes to be kept: `train` goes on from them as its `resume`, with the same settings
   * and data, and gives the bits of a run never stopped. A safetensors file (see `writeSnapshot`).
   * @throws DeviceLostError
   */
  async snapshot(): Promise<Uint8Array> {
    const { identity, device } = this.#of;
    requireShortJob(SETTINGS, identity.job);
    const state = await this.#inTurn(() => this.#run.snapshot());
    this.#contents ??= runContents(this.#run.options);
    return writeSnapshot(state, { ...identity, contents: await this.#contents }, device.info);
  }

  /** What may not be meant as it was given, or may make the last bits differ: that the run went on on another adapter, say. */
  get warnings(): readonly string[] {
    return [...this.#of.notes, ...this.#of.identity.warnings];
  }

  /**
   * The step and reason at which a replica diverged, or null; by the readings that were taken.
   * @throws InputError unless one replica is meant
   */
  diverged(selection?: ReplicaSelection): Divergence | null {
    return this.#logs[selectReplica(this.replicas, selection)]!.diverged;
  }

  /**
   * ε from the next step that is given to the device on, in place of the schedule's. In a loop over `readings()` that goes on the device
   * is some steps ahead; after `readings(k)` were taken to their end it is step k + 1.
   * @param selection all replicas if left out
   * @returns the first step that it holds for
   * @throws InputError unless the rate is a number of at least 0, and one replica is meant where one is selected
   */
  setLearningRate(lr: number, selection?: ReplicaSelection): number {
    this.#requireLive();
    requireNumber('run', 'lr', lr, { least: 0 });
    const replica = selection === undefined ? undefined : selectReplica(this.replicas, selection);
    this.#run.setLearningRate(lr, replica);
    return this.steps + 1;
  }

  /**
   * Parameters and running statistics by their state-dict names, as PyTorch has them, after all steps taken: `steps` says how many.
   * BatchNorm's statistics of averaged weights are recomputed for them. `writeSafetensors` makes a file of it.
   * @throws InputError unless one replica is meant, or for an average of nothing; DeviceLostError
   */
  async stateDict(
    selection?: ReplicaSelection,
    options: WhichWeights = {},
  ): Promise<Map<string, StateDictTensor>> {
    requireOptions('stateDict', options, ['which']);
    const { which = 'last' } = options;
    const replica = selectReplica(this.replicas, selection);
    return this.#inTurn(async () => {
      await this.#prepare(which, { statistics: true });
      return stateDictTensors(await this.#run.weights(replica, which), stateDictLayout(this.model));
    });
  }

  /**
   * The variance of each parameter over SWAG's captures after all steps taken, by its state-dict name: Σ(θ − mean)²/n over n of them, the
   * diagonal of Maddox et al. 2019. Their mean is the averaged weights.
   * @throws InputError unless one replica is meant, before the first capture, and where the run's averaging is another one; DeviceLostError
   */
  async captureVariance(selection?: ReplicaSelection): Promise<Map<string, StateDictTensor>> {
    const replica = selectReplica(this.replicas, selection);
    return this.#inTurn(async () => {
      await this.#prepare('averaged', { statistics: false });
      const variance = await this.#run.captureVariance(replica);
      if (!variance) {
        const found = this.#run.options.averaging!.kind;
        throw new InputError('run', 'averaging', `is "${found}", which keeps no variance; expected "swag"`);
      }
      const parameters = stateDictLayout(this.model).filter(({ kind }) => kind === 'parameter');
      return stateDictTensors(variance, parameters);
    });
  }

  /**
   * One replica as it is after all steps taken, which its `step` says, to be measured while the run may go on: a copy, freed by its
   * `dispose` or with the run. The device is ahead of a loop over `readings()` that goes on: to measure after step k, take `readings(k)`
   * to their end first.
   * @example
   * for (const step of [100, 1000]) {
   *   for await (const reading of run.readings(step)) plot(reading);
   *   using at = await run.point({ lr: 0.1 });
   *   console.log(step, await at.measure(noise()));
   * }
   * @throws InputError unless one replica is meant, for an average of nothing, and for data that do not fit the model; DeviceLostError
   */
  async point(selection?: ReplicaSelection, options: PointOfRun = {}): Promise<ModelPoint> {
    requireOptions('point', options, ['data', 'mode', 'which']);
    const { mode = 'train', which = 'last', data = this.#of.data } = options;
    const replica = selectReplica(this.replicas, selection);
    requireOneOf('mode', mode, ['train', 'eval']);
    const dataset = this.#fitted(data);
    return this.#inTurn(async () => {
      await this.#prepare(which, { statistics: mode === 'eval' });
      this.#requireLive();
      return this.#point(replica, { mode, which, dataset });
    });
  }

  /** Left out for those of the run. */
  #fitted(data: Dataset): Dataset | undefined {
    requireDataset('run', 'data', data);
    return data === this.#of.data ? undefined : this.#known(data);
  }

  /** A data set in the shape of the model, the same one every time: it is on the device once. */
  #known(data: Dataset): Dataset {
    const known = this.#others.get(data) ?? fitDataset(data, this.model, 'model').dataset;
    this.#others.set(data, known);
    return known;
  }

  #point(...args: Parameters<TrainingRun['point']>): ModelPoint {
    const { point, dispose } = this.#run.point(...args);
    const made = Scope.makeNow((scope) => {
      // Where no point can be made of it.
      scope.own({ dispose });
      const { diverged } = this.#logs[args[0]]!;
      return modelPoint(
        this.#of.device,
        { ...point, diverged },
        {
          dispose: () => {
            dispose();
            this.#points.delete(made);
            if (this.#disposed) this.#freeUnused();
          },
        },
      );
    });
    this.#points.add(made);
    return made;
  }

  /**
   * Loss and accuracy over a whole data set in eval mode, a result a replica; the training data by default, which are on the device
   * already. Another data set stays there, with what evaluates it, until the run is disposed of.
   * @throws InputError if the data do not fit the model, or for an average of nothing; DeviceLostError
   */
  async evaluate(data = this.#of.data, options: WhichWeights = {}): Promise<Evaluation[]> {
    requireOptions('evaluate', options, ['which']);
    const { which = 'last' } = options;
    return this.#inTurn(async () => {
      await this.#prepare(which, { statistics: true });
      return (await this.#evaluator(data, which)).evaluate();
    });
  }

  async #evaluator(data: Dataset, which: 'last' | 'averaged'): Promise<Evaluator> {
    const known = this.#evaluators[which].get(data);
    if (known) return known;
    const made = this.#scope.own(await this.#run.evaluator(this.#fitted(data), which));
    this.#evaluators[which].set(data, made);
    return made;
  }

  /**
   * Refuses what is not there, and makes what is made when it is asked for: an average, and statistics.
   * @param statistics whether BatchNorm's of averaged weights are asked for
   */
  async #prepare(which: 'last' | 'averaged', { statistics }: { statistics: boolean }): Promise<void> {
    requireOneOf('which', which, ['last', 'averaged']);
    if (which === 'last') return;
    const { averaging } = this.#run.options;
    if (!averaging) throw new InputError('run', 'averaged', 'there is no average: the run has no averaging');
    if (captureCount(averaging, this.steps) === 0) {
      const reason = `nothing is yet: the run is after step ${this.steps}, averaging starts at step ${averaging.start}`;
      throw new InputError('run', 'averaged', reason);
    }
    await this.#run.finishAverage({ statistics });
  }

  /**
   * Work of the device, once all that was asked for before is done: what is read together is of one step, and statistics are
   * recomputed by one pass at a time. A loss of the device is told with the last step read.
   */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.take(async () => {
      this.#requireLive();
      try {
        return await work();
      } catch (error) {
        // What waited for a buffer that is gone by now fails by that.
        this.#requireLive();
        if (!(error instanceof DeviceLostError)) throw error;
        throw new DeviceLostError(
          `${error.message}; the last step read was ${this.#lastStep} of ${this.#run.options.steps}`,
        );
      }
    });
  }

  #requireLive(): void {
    if (this.#disposed) throw new Error('the run is disposed of');
  }

  /** The model, the replicas, how far the run is, and what it takes on the device: some lines. */
  toString(): string {
    return describeRun(this.#run, this.replicas, this.#of.bytes);
  }

  /**
   * Frees all that the run holds on the device, its points too; while a point is being measured, once that is done. A second call does
   * nothing.
   */
  dispose(): void {
    this.#disposed = true;
    for (const point of this.#points) point.dispose();
    this.#freeUnused();
  }

  /** A point that is at work holds the run's examples. */
  #freeUnused(): void {
    if (this.#points.size === 0) this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @throws InputError */
function requireOneOf(key: string, found: unknown, expected: readonly string[]): void {
  if (expected.includes(found as string)) return;
  const names = expected.map((name) => `"${name}"`).join(' or ');
  throw new InputError('run', key, `is ${showValue(found)}, expected ${names}`);
}
