import type { Dataset } from '../data/dataset.ts';
import type { ResidentExamples } from '../data/uploadExamples.ts';
import type { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import { inParts } from '../gpu/inParts.ts';
import type { DispatchTime, Program } from '../gpu/program.ts';
import { Scope } from '../gpu/scope.ts';
import type { State } from '../gpu/state.ts';
import { InputError } from '../host/inputError.ts';
import { Evaluator } from '../measure/evaluation/evaluator.ts';
import { recomputeStatistics } from '../measure/evaluation/recomputeStatistics.ts';
import type { Point } from '../measure/pass.ts';
import { bufferLayout } from '../nn/batchNorm.ts';
import { flatValues, namedValues } from '../nn/flatValues.ts';
import type { StateValues } from '../nn/stateDict.ts';
import type { FlatLayout } from '../ops/flat.ts';
import { captureCount, captures } from '../optim/captureSteps.ts';
import type { OptimizerSettings } from '../optim/optimizer.ts';
import { BatchController } from './batchController.ts';
import { BatchSizes } from './batchSizes.ts';
import { requireOwnChanges } from './changesOfRun.ts';
import { type FoundRate, searchedExamples, searchRate } from './lrSearch.ts';
import { followedRun } from './replicaLog.ts';
import { datasetsOf, ResidentData, writeData } from './residentData.ts';
import type { RunChange } from './runChange.ts';
import {
  CAPTURE,
  compileRun,
  dueAt,
  FINISH,
  IN_FLIGHT,
  makeRunParts,
  type RunParts,
  type RunShape,
  stepKey,
} from './runParts.ts';
import { RunRates } from './runRates.ts';
import { RunReadings, type StepReading } from './runReadings.ts';
import type { RunState } from './snapshot.ts';
import { WholeSteps } from './wholeSteps.ts';

/**
 * Which weights of a run: the last ones, the averaged ones, or the last ones with BatchNorm's statistics recomputed as those of
 * the average are (`recomputeLastStatistics`).
 */
export type EvaluatedWeights = 'last' | 'averaged' | 'recomputed';

/** One replica: what may differ between the runs of one program. */
export interface Replica {
  /** Of the order of examples, in [0, 2³²). */
  readonly seed: number;
  /** Of the augmentation, in [0, 2³²), where there is one. */
  readonly dataSeed?: number;
  /** What it trains on, where replicas have data of their own: as many examples as the others, of the same shape. */
  readonly dataset?: Dataset | undefined;
  /** Of the run's optimizer. */
  readonly settings: OptimizerSettings;
  /** ε of every step. */
  readonly rates: Float32Array;
  /** The initial state dict by name: parameters and running statistics. */
  readonly weights: StateValues;
}

export interface TrainingOptions extends RunShape {
  /** [steps, B], for `order`. */
  readonly order?: Uint32Array;
  readonly replicas: readonly Replica[];
  /** Readings at steps n, 2n, … and wherever statistics are measured; 0 for never. 1 by default. */
  readonly recordEvery?: number;
}

/** Steps of one submit, and the rows that come back for them. */
interface Flight {
  readonly first: number;
  readonly count: number;
  readonly rows: Promise<Float32Array[] | null>;
}

/** Which point of a run. */
export interface RunPointOptions {
  readonly mode?: 'train' | 'eval';
  readonly which?: 'last' | 'averaged';
  readonly dataset?: Dataset;
}

/**
 * Trains R replicas of one model in one program over state that it owns. All programs (one for each batch size,
 * with and without statistics) are compiled before the first step; from then on nothing is created or uploaded. Only where a step can be
 * one kernel, that is compiled beside the first steps (`WholeSteps`).
 */
export class TrainingRun {
  readonly layout: FlatLayout;
  readonly theta: State;
  /** Averaged weights, if the run keeps an average: as `finishAverage` leaves them. */
  readonly averaged: State | null;
  /** Running statistics, flat by bufferLayout; null where the model has none. And those of the averaged weights. */
  readonly buffers: State | null;
  readonly averagedBuffers: State | null;
  /** B of its steps: those that are submitted, and those to come as far as they are known. */
  readonly batches: BatchSizes;
  /** The data that it trains on. */
  readonly examples: ResidentExamples;
  readonly #gpu: Gpu;
  readonly #options: TrainingOptions;
  readonly #scope: Scope;
  readonly #parts: RunParts;
  readonly #rates: RunRates;
  readonly #data: ResidentData;
  readonly #programs: ReadonlyMap<string, Program>;
  readonly #whole: WholeSteps;
  /** Submits that are not read back yet, oldest first. */
  readonly #flights: Flight[] = [];
  readonly #readings: RunReadings;
  readonly #changes: RunChange[] = [];
  readonly #controller: BatchController | null;
  /** Steps before this one are a snapshot's, whose decisions are among its changes. */
  #restored = 0;
  #searched = false;
  #submitted = 0;
  #stopped = false;

  private constructor(
    gpu: Gpu,
    options: TrainingOptions,
    scope: Scope,
    parts: RunParts,
    programs: ReadonlyMap<string, Program>,
  ) {
    this.#gpu = gpu;
    this.#options = options;
    this.#scope = scope;
    this.#parts = parts;
    this.#programs = programs;
    const momentum = options.replicas.some(
      ({ settings }) => 'momentum' in settings && settings.momentum !== 0,
    );
    // Beside the first steps. What fails is not missed: its stand-in goes on.
    for (const program of programs.values()) program.replaceStandIns().catch(() => {});
    const { steps, wholeFrom, replicas } = options;
    const of = { steps, replicas: replicas.length, momentum, wholeFrom };
    this.#whole = new WholeSteps(gpu, scope, parts, of);
    this.#rates = new RunRates(
      options.replicas.map(({ rates }) => rates),
      parts.rates,
    );
    this.#data = new ResidentData(gpu, scope, options, parts);
    this.batches = new BatchSizes(options.batches);
    this.#readings = new RunReadings(options, parts, {
      batches: this.batches,
      rateAt: (replica, step) => this.#rates.at(replica, step),
      watch: (reading) => this.#controller?.take(reading),
    });
    this.#controller = controllerOf(options, parts.layout, this.batches);
    this.layout = parts.layout;
    this.theta = parts.theta;
    this.averaged = parts.kept?.average ?? null;
    this.buffers = parts.buffers;
    this.averagedBuffers = parts.averagedBuffers;
    this.examples = parts.examples;
  }

  /**
   * Uploads data and weights and compiles every program the run will use. Nothing is left of it where that fails.
   * @throws LimitError if a tensor or the data set passes what the adapter can bind
   * @throws RangeError if the small batch does not fit the others
   */
  static open(gpu: Gpu, options: TrainingOptions): Promise<TrainingRun> {
    return Scope.make(async (scope) => {
      const replicas = options.replicas.length;
      const parts = makeRunParts(gpu, scope, options, replicas);
      const { layout, theta, buffers, rates, optimizer, seeds, dataSeeds, order } = parts;
      if (order) order.write(options.order!);
      const statistics = bufferLayout(options.model);
      options.replicas.forEach(({ seed, dataSeed, settings, rates: values, weights }, replica) => {
        theta.write(flatValues(layout, weights), { replica });
        buffers?.write(flatValues(statistics, weights), { replica });
        rates.write(values, { replica });
        optimizer.write(settings, replica);
        seeds.write(Uint32Array.of(seed), { replica });
        dataSeeds?.write(Uint32Array.of(dataSeed ?? 0), { replica });
      });
      writeData(parts, options);
      parts.memory.begin(theta);
      const programs = await compileRun(gpu, scope, parts, replicas);
      return new TrainingRun(gpu, options, scope, parts, programs);
    });
  }

  /** As the run was opened. */
  get options(): TrainingOptions {
    return this.#options;
  }

  /** Of each kind of step, and of the average; those whose step is one kernel as soon as they are compiled. */
  get programs(): Program[] {
    return [...this.#programs.values(), ...this.#whole.programs];
  }

  get arena(): Arena {
    return this.#parts.arena;
  }

  get replicas(): number {
    return this.#options.replicas.length;
  }

  /** Steps whose commands have been given to the device. */
  get submitted(): number {
    return this.#submitted;
  }

  /** Whether no further step is taken: `stop` was called, or every replica has diverged. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Takes no further step. Readings of those under way still come from `steps`, which ends after them. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * The run as it is after all steps submitted, whose readings stay for `steps`: with the run's options all that the steps to
   * come depend on. Waits for the device, once.
   * @throws DeviceLostError
   */
  async snapshot(): Promise<RunState> {
    while (this.#flights.length > 0) await this.#land();
    // The copies are submitted here, before any step that is taken while this waits.
    const reading = this.#parts.states.read();
    const [step, rows, changes] = [this.#submitted, this.#readings.all(), [...this.#changes]];
    return { step, states: await reading, rows, changes };
  }

  /**
   * Goes on from a snapshot of a run of the same options, in place of the start. `steps`
   * gives the readings of the steps that were taken before again, from the first one.
   * @param file how messages name it
   * @throws InputError if it does not fit the run, which is then as it was
   */
  restore(file: string, { step, states, rows, changes }: RunState): void {
    if (this.#submitted > 0) throw new Error('a run is restored before its first step');
    const { steps } = this.#options;
    if (!(step <= steps)) throw new InputError(file, 'step', `is ${step}, the run has ${steps} steps`);
    requireOwnChanges(file, changes, { step, replicas: this.replicas });
    const batches = new BatchSizes(this.#options.batches);
    for (const change of changes)
      if ('batchSize' in change) batches.change({ fromStep: change.from, batchSize: change.batchSize });
    const numbers = this.#readings.numbersUntil(step, batches);
    if (rows.length !== numbers) {
      throw new InputError(file, 'readings', `are ${rows.length} numbers, expected ${numbers}`);
    }
    const counted = states.get('counters')?.data[0];
    if (counted !== undefined && counted !== step) {
      throw new InputError(file, 'counters', `are of step ${counted}, expected ${step}`);
    }
    this.#parts.states.write(file, states);
    this.#submitted = step;
    this.#restored = step;
    this.#readings.restore(rows, step);
    for (const change of changes) this.#apply(change);
    if (changes.length > 0) {
      this.#rates.write(
        this.#options.replicas.map((_, r) => r),
        0,
      );
    }
  }

  /** What was changed of the run on its way, in that order. */
  get changes(): readonly RunChange[] {
    return this.#changes;
  }

  /** ε of every step of a replica: as it was used, or as it is to be. */
  rates(replica: number): Float32Array {
    return this.#rates.of(replica);
  }

  #keyOf(step: number): string {
    return stepKey(this.#options, step, this.batches.at(step));
  }

  /**
   * Sets ε from the next step that is given to the device on, in place of the schedule's.
   * @param replica all of them if left out
   */
  setLearningRate(rate: number, replica?: number): void {
    this.#change({ from: this.#submitted, replica: replica ?? null, rate });
  }

  /** Of the next steps that are given to the device. */
  #change(change: RunChange): void {
    this.#rates.write(this.#apply(change), change.from);
  }

  /** @returns the replicas whose rates are changed, on the host */
  #apply(change: RunChange): readonly number[] {
    this.#changes.push(change);
    if ('batchSize' in change) {
      this.batches.change({ fromStep: change.from, batchSize: change.batchSize });
    } else if ('search' in change) this.#searched = true;
    return this.#rates.apply(change);
  }

  /**
   * Takes steps up to `until` (counted from 1; all by default) and yields readings as they come back, many steps at a
   * time, in the order of steps, then replicas. Many steps are one submit and two submits are in flight, so the
   * device is some steps ahead of what was yielded. Left early, it stops there, and what is under way is yielded by the
   * next call: no reading is lost. When every replica has diverged, it ends after the submits in flight.
   * @throws DeviceLostError
   */
  async *steps(until = this.#options.steps): AsyncGenerator<StepReading[], void, void> {
    const end = Math.min(until, this.#options.steps);
    for (;;) {
      const readings = this.#readings.take(end);
      this.#endIfDiverged();
      if (readings.length > 0) {
        yield readings;
        continue;
      }
      this.#decideBatch();
      if (this.#submitted < end) await this.#searchRates();
      if (this.#submitted < end && this.#submitted >= this.#whole.known && !this.#stopped) {
        await this.#whole.compiled();
      }
      const known = Math.min(
        end,
        this.#whole.known,
        this.#controller?.next ?? end,
        this.#searched ? end : (this.#options.lrSearch?.after ?? end),
      );
      while (!this.#stopped && this.#flights.length < IN_FLIGHT && this.#submitted < known)
        this.#submit(known);
      if (this.#flights.length === 0 || this.#flights[0]!.first >= end) return;
      await this.#land();
    }
  }

  /** Gives the next steps up to `end` to the device, as many as a submit should hold. */
  #submit(end: number): void {
    const first = this.#submitted;
    const slots = this.#parts.ring.shape[0]!;
    const { pace } = this.#parts.replay;
    const kindOf = (next: number): string => this.#kindOf(first + next);
    const count = pace.count(kindOf, Math.min(end - first, slots - (first % slots)));
    const kinds = Array.from({ length: count }, (_, i) => kindOf(i));
    const programs = kinds.flatMap((_, i) => {
      const step = first + i;
      return [...this.#programsBefore(step), this.#programAt(step), ...this.#programsAfter(step)];
    });
    // Only a step alone may take so long that it is spread.
    const parts = count === 1 ? pace.parts(kinds[0]!) : 1;
    this.#fly(first, kinds, inParts(programs, parts));
  }

  /** @param kinds of the steps; without them their time says nothing of others */
  #fly(
    first: number,
    kinds: readonly string[],
    parts: readonly ((pass: GPUComputePassEncoder) => void)[],
    count = kinds.length,
  ): void {
    const read = Array.from({ length: count }, (_, i) => first + i).some((step) =>
      this.#readings.records(step),
    );
    const rows = this.#parts.replay.submit(parts, {
      count,
      slot: first % this.#parts.ring.shape[0]!,
      read,
      kinds,
    });
    // A failure is told to whoever asks for the readings.
    rows.catch(() => {});
    this.#submitted = first + count;
    this.#flights.push({ first, count, rows });
  }

  /** Waits for the oldest submit, and keeps its readings. */
  async #land(): Promise<void> {
    const { first, count, rows } = this.#flights.shift()!;
    const found = await rows;
    if (found) this.#readings.add(found, this.#parts.ring.shape[1]!, first, count);
    this.#endIfDiverged();
    this.#decideBatch();
  }

  /** Searches for each replica's ε where the next step waits for that: all that were submitted are back. */
  async #searchRates(): Promise<void> {
    const { lrSearch, steps, replicas } = this.#options;
    if (!lrSearch || this.#searched || this.#stopped || this.#flights.length > 0) return;
    if (this.#submitted !== lrSearch.after || this.#submitted >= steps) return;
    const [from, batchSize] = [this.#submitted, this.batches.at(this.#submitted)];
    const found: FoundRate[] = [];
    for (const [r, { seed, settings }] of replicas.entries()) {
      const dataset = searchedExamples(datasetsOf(this.#options)[r]!, lrSearch, seed);
      const { point, dispose } = this.point(r, { mode: 'eval', dataset });
      try {
        const start = this.#rates.at(r, from);
        found.push(await searchRate(this.#gpu, point, lrSearch, { batchSize, start, seed, settings }));
      } finally {
        dispose();
      }
    }
    for (const [replica, search] of found.entries()) {
      const rateFactor = search.learningRate / this.#rates.at(replica, from);
      this.#change({ from, replica, rateFactor, search });
    }
  }

  /** Decides B where the steps to come wait for that: all that were submitted are back. */
  #decideBatch(): void {
    const controller = this.#controller;
    if (!controller || this.#flights.length > 0 || this.#stopped) return;
    this.#readings.replay();
    while (controller.next <= this.#submitted && controller.next < this.#options.steps) {
      const { next } = controller;
      const change = controller.decide();
      if (change && next > this.#restored) this.#change({ from: next, ...change });
    }
  }

  #endIfDiverged(): void {
    if (this.#readings.allDiverged) this.stop();
  }

  /** The program of a step, counted from 0. */
  #programAt(step: number): Program {
    const key = this.#keyOf(step);
    return this.#whole.at(step, key) ?? this.#programs.get(key)!;
  }

  /** What goes before a step: the passes of instruments that are due, of the weights before its update. */
  #programsBefore(step: number): Program[] {
    return dueAt(this.#options, step).flatMap((place) =>
      (this.#parts.passes.get(place) ?? []).map((key) => this.#programs.get(key)!),
    );
  }

  /** What follows a step: its capture. */
  #programsAfter(step: number): Program[] {
    const { averaging } = this.#options;
    return averaging && captures(averaging, step + 1) ? [this.#programs.get(CAPTURE)!] : [];
  }

  /** What tells apart steps that may take different times. */
  #kindOf(step: number): string {
    const key = this.#keyOf(step);
    const kind = this.#whole.at(step, key) ? `${key}, whole` : key;
    return this.#programsAfter(step).length > 0 ? `${kind}, captured` : kind;
  }

  /**
   * One replica's state dict by name: parameters and running statistics, or those of the averaged weights (which
   * finishAverage makes). Waits for all submitted steps.
   */
  async weights(
    replica: number,
    which: 'last' | 'averaged' = 'last',
  ): Promise<Map<string, Float32Array | Uint32Array>> {
    const [source, buffers] = this.#weights(which);
    const statistics = buffers && namedValues(bufferLayout(this.#options.model), await buffers.read(replica));
    return new Map([...namedValues(this.layout, await source.read(replica)), ...(statistics ?? [])]);
  }

  #weights(which: 'last' | 'averaged'): readonly [theta: State, buffers: State | null] {
    if (which === 'last') return [this.theta, this.buffers];
    if (!this.averaged) throw new Error('the run keeps no average');
    return [this.averaged, this.averagedBuffers];
  }

  /**
   * Makes the averaged weights of what was captured in all submitted steps, and BatchNorm's statistics of them in one pass over the
   * data, where the model has some.
   * @param statistics false leaves those out
   * @throws DeviceLostError
   */
  async finishAverage({ statistics = true } = {}): Promise<void> {
    if (!this.averaged) return;
    this.#programs.get(FINISH)?.run();
    if (statistics) await this.#recompute(this.averaged);
  }

  /**
   * The variance of each weight over SWAG's captures, by the parameters' names: Σ(θ − mean)²/n, the diagonal Σ_diag of Maddox et al.
   * 2019. null for other averages. Waits for all submitted steps.
   */
  async captureVariance(replica: number): Promise<StateValues | null> {
    const { averaging } = this.#options;
    const squares = this.#parts.kept?.squares;
    if (!averaging || !squares) return null;
    const captured = captureCount(averaging, this.#submitted);
    const variance = (await squares.read(replica)).map((sum) => sum / captured);
    return namedValues(this.layout, variance);
  }

  /**
   * The same of the last weights, in the place of the average's, so that the two can be compared: what `buffers` holds stays
   * as training left it.
   * @throws DeviceLostError
   */
  async recomputeLastStatistics(): Promise<void> {
    await this.#recompute(this.theta);
  }

  async #recompute(theta: State): Promise<void> {
    const buffers = this.averagedBuffers;
    if (!buffers) return;
    const { model, batches, bnBatchSize, bnOrder } = this.#options;
    const seeds = bnOrder === 'shuffle' ? this.#parts.seeds : undefined;
    const batchSize = bnBatchSize ?? batches.at(-1)!.batchSize;
    const { layout, arena, examples } = this;
    const of = { model, layout, theta, buffers, examples, seeds, batchSize, arena };
    await recomputeStatistics(this.#gpu, of);
  }

  /**
   * What evaluates all replicas' weights over a data set: that of the run, which is on the device already, or another one,
   * which stays there until the run is disposed of. Whoever asked for it disposes of it.
   * @throws LimitError if the data set or a result passes what the adapter can bind
   */
  async evaluator(dataset = this.#options.dataset, which: EvaluatedWeights = 'last'): Promise<Evaluator> {
    const [theta, buffers] =
      which === 'recomputed' ? [this.theta, this.averagedBuffers] : this.#weights(which);
    const { layout, arena } = this;
    const examples = this.#data.examplesOf(dataset);
    const { model } = this.#options;
    return Evaluator.open(this.#gpu, { model, layout, theta, buffers, examples, arena });
  }

  /**
   * One replica as it is after all steps submitted, to be measured over a data set, the one that the run trains on by default: a copy,
   * so that the run may go on. `train` is the mode in which BatchNorm normalises by the batch; `eval` takes running statistics.
   * `dispose` frees the copy, which is of no use once the run's own disposal has freed the data.
   * @throws RangeError if there is no such replica
   * @throws LimitError if the data set passes what the adapter can bind
   */
  point(
    replica: number,
    { mode = 'train', which = 'last', dataset = this.#options.dataset }: RunPointOptions = {},
  ): { readonly point: Point; dispose(): void } {
    if (!(Number.isInteger(replica) && replica >= 0 && replica < this.replicas)) {
      throw new RangeError(`replica ${replica}, expected one from 0 to ${this.replicas - 1}`);
    }
    const { layout, submitted: step } = this;
    const { model } = this.#options;
    const resident = this.#data.examplesOf(dataset);
    const datasets = this.#data.inPlaceOf(dataset);
    const { name, targets } = datasets[replica] ?? dataset;
    const source = { name, targets, trainedOn: dataset === this.#options.dataset };
    return Scope.makeNow((scope) => {
      const copy = (from: State): State => scope.own(from.copyOf(replica));
      const ofReplica = (from: State): State => (from.replicated ? copy(from) : from);
      const [data, labels] = [ofReplica(resident.data), ofReplica(resident.targets)];
      const examples = { ...resident, data, targets: labels };
      const [theta, buffers] = this.#weights(which);
      const context = { mode, buffers: mode === 'eval' && buffers ? copy(buffers) : null };
      return {
        point: { model, layout, theta: copy(theta), examples, source, context, step },
        dispose: () => scope.dispose(),
      };
    });
  }

  /**
   * Takes the next step and gives the time of each of its dispatches. Its reading comes with the next ones.
   * @throws if the adapter has no timestamp queries, or no step is left
   */
  async profile(): Promise<DispatchTime[]> {
    // What a step waits for, a decision on B or a search for ε, is known when all before it is back.
    const waits = this.#searched ? undefined : this.#options.lrSearch?.after;
    const next = Math.min(
      this.#controller?.next ?? Number.POSITIVE_INFINITY,
      waits ?? Number.POSITIVE_INFINITY,
    );
    const most = this.#submitted < next ? IN_FLIGHT - 1 : 0;
    while (this.#flights.length > most) await this.#land();
    this.#decideBatch();
    await this.#searchRates();
    const step = this.#submitted;
    const { steps } = this.#options;
    if (this.#stopped || step >= steps) {
      throw new Error(`a profile takes a step, and step ${step} of ${steps} was the last`);
    }
    if (step >= this.#whole.known) await this.#whole.compiled();
    for (const program of this.#programsBefore(step)) program.run();
    // What reads the step's values is submitted after it: without timestamps neither is.
    const times = await this.#programAt(step).profile();
    this.#fly(step, [], inParts(this.#programsAfter(step), 1), 1);
    return times;
  }

  /** Frees all that the run holds on the device. */
  dispose(): void {
    this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** What decides B of a run, where its noise scale does. */
function controllerOf(
  options: TrainingOptions,
  layout: FlatLayout,
  batches: BatchSizes,
): BatchController | null {
  const { batchControl, instruments = [] } = options;
  if (!batchControl) return null;
  const place = instruments.findIndex(({ type }) => type === 'noise_scale');
  const follow = instruments[place]!.follow(followedRun({ options, layout, batches }));
  return new BatchController(batchControl, { place, follow }, batches);
}
