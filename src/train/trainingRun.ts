import type { Dataset } from '../data/dataset.ts';
import { type ResidentExamples, uploadExamples, writeExamples } from '../data/uploadExamples.ts';
import type { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import type { DispatchTime, Program } from '../gpu/program.ts';
import { Scope } from '../gpu/scope.ts';
import type { State } from '../gpu/state.ts';
import { InputError } from '../host/inputError.ts';
import type { Point } from '../measure/pass.ts';
import { bufferLayout } from '../nn/batchNorm.ts';
import { flatValues, namedValues } from '../nn/flatValues.ts';
import type { StateValues } from '../nn/stateDict.ts';
import type { FlatLayout } from '../ops/flat.ts';
import { captures } from '../optim/average.ts';
import { packSettings, type SgdSettings } from '../optim/sgd.ts';
import { Evaluator } from './evaluator.ts';
import { ReadingRows } from './readingRows.ts';
import { recomputeStatistics } from './recomputeStatistics.ts';
import {
  AVERAGE,
  batchSizeAt,
  compileRun,
  dueAt,
  IN_FLIGHT,
  LARGEST_CHUNK,
  makeRunParts,
  programKey,
  type RunParts,
  type RunShape,
  SLOTS,
} from './runParts.ts';
import { shortestFloat32 } from './shortestFloat32.ts';
import type { RateChange, RunState } from './snapshot.ts';

/**
 * Which weights of a run: the last ones, the averaged ones, or the last ones with BatchNorm's statistics recomputed as those of
 * the average are (`recomputeLastStatistics`).
 */
export type EvaluatedWeights = 'last' | 'averaged' | 'recomputed';

/** One replica: what may differ between the runs of one program. */
export interface Replica {
  /** Of the order of examples, in [0, 2³²). */
  readonly seed: number;
  readonly settings: SgdSettings;
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

/** What the device recorded of one step of one replica. */
export interface StepReading {
  readonly replica: number;
  /** Counted from 1. */
  readonly step: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly loss: number;
  /** What the run's instruments found, in their order: undefined for those that were not due. */
  readonly found: readonly unknown[];
}

/** What a snapshot has of the readings before it: rows from `at` on, of steps (counted from 0) from `step` up to `until`. */
interface Restored {
  readonly rows: Float32Array;
  readonly until: number;
  at: number;
  step: number;
}

/** Steps of one submit, and the rows that come back for them. */
interface Flight {
  readonly first: number;
  readonly count: number;
  readonly rows: Promise<Float32Array[] | null>;
}

/**
 * Trains R replicas of one model in one program over state that it owns. All programs (one for each batch size,
 * with and without statistics) are compiled before the first step; from then on nothing is created or uploaded.
 */
export class TrainingRun {
  readonly layout: FlatLayout;
  readonly theta: State;
  /** Averaged weights, if the run keeps an average. */
  readonly averaged: State | null;
  /** Running statistics, flat by bufferLayout; null where the model has none. And those of the averaged weights. */
  readonly buffers: State | null;
  readonly averagedBuffers: State | null;
  /** The data that it trains on. */
  readonly examples: ResidentExamples;
  readonly #gpu: Gpu;
  readonly #options: TrainingOptions;
  readonly #scope: Scope;
  readonly #parts: RunParts;
  readonly #hostRates: Float32Array[];
  readonly #programs: ReadonlyMap<string, Program>;
  /** Data sets that weights were evaluated on, by what was given. */
  readonly #resident = new Map<Dataset, ResidentExamples>();
  /** Submits that are not read back yet, oldest first. */
  readonly #flights: Flight[] = [];
  /** Readings that came back and were not asked for yet, in their order. */
  #kept: StepReading[] = [];
  /** The numbers of all readings that came back. */
  readonly #rows = new ReadingRows();
  /** Readings of a snapshot that are still to be given again. */
  #restored: Restored | null = null;
  readonly #rateChanges: RateChange[] = [];
  readonly #diverged = new Set<number>();
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
    this.#hostRates = options.replicas.map(({ rates }) => rates.slice());
    this.layout = parts.layout;
    this.theta = parts.theta;
    this.averaged = parts.averaged;
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
      const { layout, theta, buffers, rates, hyper, seeds, order, examples } = parts;
      if (order) order.write(options.order!);
      const statistics = bufferLayout(options.model);
      options.replicas.forEach(({ seed, settings, rates: values, weights }, replica) => {
        theta.write(flatValues(layout, weights), { replica });
        buffers?.write(flatValues(statistics, weights), { replica });
        rates.write(values, { replica });
        hyper.write(packSettings(settings), { replica });
        seeds.write(Uint32Array.of(seed), { replica });
      });
      writeExamples(examples, options.dataset);
      parts.memory.begin();
      const programs = await compileRun(gpu, scope, parts, replicas);
      return new TrainingRun(gpu, options, scope, parts, programs);
    });
  }

  /** As the run was opened. */
  get options(): TrainingOptions {
    return this.#options;
  }

  /** Of each kind of step, and of the average. */
  get programs(): Program[] {
    return [...this.#programs.values()];
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
    const [step, rows, rateChanges] = [this.#submitted, this.#rows.all(), [...this.#rateChanges]];
    return { step, states: await reading, rows, rateChanges };
  }

  /**
   * Goes on from a snapshot of a run of the same options, in place of the start. `steps`
   * gives the readings of the steps that were taken before again, from the first one.
   * @param file how messages name it
   * @throws InputError if it does not fit the run, which is then as it was
   */
  restore(file: string, { step, states, rows, rateChanges }: RunState): void {
    if (this.#submitted > 0) throw new Error('a run is restored before its first step');
    const { steps } = this.#options;
    if (!(step <= steps)) throw new InputError(file, 'step', `is ${step}, the run has ${steps} steps`);
    const numbers = this.#numbersUntil(step);
    if (rows.length !== numbers) {
      throw new InputError(file, 'readings', `are ${rows.length} numbers, expected ${numbers}`);
    }
    const counted = states.get('counters')?.data[0];
    if (counted !== undefined && counted !== step) {
      throw new InputError(file, 'counters', `are of step ${counted}, expected ${step}`);
    }
    this.#parts.states.write(file, states);
    this.#submitted = step;
    this.#rows.push(rows);
    this.#restored = { rows, until: step, at: 0, step: 0 };
    for (const change of rateChanges) this.#changeRate(change);
    if (rateChanges.length > 0) {
      this.#hostRates.forEach((rates, replica) => {
        this.#parts.rates.write(rates, { replica });
      });
    }
  }

  /** B of a step, counted from 0. */
  batchSizeAt(step: number): number {
    return batchSizeAt(this.#options, step);
  }

  #measures(step: number): boolean {
    return dueAt(this.#options, step).length > 0;
  }

  #keyOf(step: number): string {
    return programKey(this.batchSizeAt(step), dueAt(this.#options, step));
  }

  #records(step: number): boolean {
    const every = this.#options.recordEvery ?? 1;
    return this.#measures(step) || (every > 0 && (step + 1) % every === 0);
  }

  /**
   * Sets ε from the next step that is given to the device on, in place of the schedule's.
   * @param replica all of them if left out
   */
  setLearningRate(rate: number, replica?: number): void {
    const from = this.#submitted;
    const change = { from, replica: replica ?? null, rate };
    this.#rateChanges.push(change);
    for (const r of this.#changeRate(change)) {
      const rates = this.#hostRates[r]!;
      if (from < rates.length) this.#parts.rates.write(rates.subarray(from), { replica: r, at: from });
    }
  }

  /** @returns the replicas whose rates are changed, on the host */
  #changeRate({ from, replica, rate }: RateChange): number[] {
    const changed = this.#hostRates.flatMap((_, r) => (replica === null || r === replica ? [r] : []));
    for (const r of changed) this.#hostRates[r]!.fill(rate, from);
    return changed;
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
      const kept = this.#takeKept(end);
      if (kept.length > 0) {
        yield kept;
        continue;
      }
      if (this.#kept.length === 0 && this.#restored) {
        this.#replay(this.#restored);
        continue;
      }
      while (!this.#stopped && this.#flights.length < IN_FLIGHT && this.#submitted < end) this.#submit(end);
      if (this.#flights.length === 0 || this.#flights[0]!.first >= end) return;
      await this.#land();
    }
  }

  /** Readings that are there already, up to step `end`. */
  #takeKept(end: number): StepReading[] {
    const later = this.#kept.findIndex(({ step }) => step > end);
    return this.#kept.splice(0, later < 0 ? this.#kept.length : later);
  }

  /** Gives the next steps up to `end` to the device, as many as a submit should hold. */
  #submit(end: number): void {
    const first = this.#submitted;
    const count = Math.min(this.#parts.replay.chunk, end - first, SLOTS - (first % SLOTS));
    this.#fly(first, count, (pass) => {
      for (let step = first; step < first + count; step++) {
        this.#programAt(step).encode(pass);
        this.#encodeAfter(pass, step);
      }
    });
  }

  #fly(first: number, count: number, encode: (pass: GPUComputePassEncoder) => void): void {
    const read = Array.from({ length: count }, (_, i) => first + i).some((step) => this.#records(step));
    const rows = this.#parts.replay.submit(encode, { count, slot: first % SLOTS, read });
    // A failure is told to whoever asks for the readings.
    rows.catch(() => {});
    this.#submitted = first + count;
    this.#flights.push({ first, count, rows });
  }

  /** Waits for the oldest submit, and keeps its readings. */
  async #land(): Promise<void> {
    const { first, count, rows } = this.#flights.shift()!;
    const found = await rows;
    while (this.#restored) this.#replay(this.#restored);
    if (found) this.#keep(this.#readings(found, first, count));
  }

  #keep(readings: readonly StepReading[]): void {
    for (const { replica, loss } of readings) if (!Number.isFinite(loss)) this.#diverged.add(replica);
    if (this.#diverged.size === this.replicas) this.stop();
    this.#kept = this.#kept.concat(readings);
  }

  /** Gives some of a snapshot's readings again: many at a time, and never all of a long run's. */
  #replay(restored: Restored): void {
    const { rows, step: first, until } = restored;
    const readings: StepReading[] = [];
    for (; restored.step < until && restored.step < first + LARGEST_CHUNK; restored.step++) {
      const width = this.#widthOf(restored.step);
      for (let replica = 0; width > 0 && replica < this.replicas; replica++) {
        const row = rows.subarray(restored.at, restored.at + width);
        readings.push(this.#reading(restored.step, replica, row));
        restored.at += width;
      }
    }
    if (restored.step === until) this.#restored = null;
    this.#keep(readings);
  }

  /** Numbers of a step (counted from 0) at the head of its row: what is behind them is of an earlier one. */
  #widthOf(step: number): number {
    if (!this.#records(step)) return 0;
    return 1 + this.#parts.rows.get(this.#keyOf(step))!.flat().length;
  }

  /** Numbers of all replicas' readings of the steps before one. */
  #numbersUntil(step: number): number {
    let numbers = 0;
    for (let s = 0; s < step; s++) numbers += this.#widthOf(s);
    return numbers * this.replicas;
  }

  /** The program of a step, counted from 0. */
  #programAt(step: number): Program {
    return this.#programs.get(this.#keyOf(step))!;
  }

  /** What follows a step: its capture, and instruments. */
  #encodeAfter(pass: GPUComputePassEncoder, step: number): void {
    const { averaging } = this.#options;
    if (averaging && captures(averaging, step + 1)) this.#programs.get(AVERAGE)!.encode(pass);
  }

  #readings(rows: readonly Float32Array[], first: number, count: number): StepReading[] {
    const readings: StepReading[] = [];
    for (let i = 0; i < count; i++) {
      const step = first + i;
      const width = this.#widthOf(step);
      if (width === 0) continue;
      const at = i * this.#parts.ring.shape[1]!;
      rows.forEach((all, replica) => {
        const row = all.subarray(at, at + width);
        this.#rows.push(row);
        readings.push(this.#reading(step, replica, row));
      });
    }
    return readings;
  }

  /** What a row says of a step, counted from 0. */
  #reading(step: number, replica: number, row: Float32Array): StepReading {
    const batchSize = this.batchSizeAt(step);
    const learningRate = shortestFloat32(this.#hostRates[replica]![step]!);
    const found = this.#found(step, batchSize, row);
    return { replica, step: step + 1, batchSize, learningRate, loss: row[0]!, found };
  }

  #found(step: number, batchSize: number, row: Float32Array): readonly unknown[] {
    const { instruments = [] } = this.#options;
    const found = new Array<unknown>(instruments.length).fill(undefined);
    const names = this.#parts.rows.get(this.#keyOf(step))!;
    let at = 1;
    dueAt(this.#options, step).forEach((place, i) => {
      const { quantity, unitSize: ofUnits } = instruments[place]!;
      const unitSize = ofUnits ?? 1;
      const numbers = Object.fromEntries(names[i]!.map((name) => [name, row.subarray(at, ++at)]));
      const of = { layout: this.layout, examples: batchSize, units: batchSize / unitSize, unitSize };
      found[place] = quantity.read(numbers, of);
    });
    return found;
  }

  /**
   * One replica's state dict by name: parameters and running statistics, or those of the averaged weights (which
   * recomputeAveragedStatistics makes). Waits for all submitted steps.
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
   * BatchNorm's statistics of the averaged weights as they are now, in one pass over the data; nothing to do for a model
   * without BatchNorm.
   * @throws DeviceLostError
   */
  async recomputeAveragedStatistics(): Promise<void> {
    if (this.averaged) await this.#recompute(this.averaged);
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
    const { model, batches, bnBatchSize } = this.#options;
    const batchSize = bnBatchSize ?? batches.at(-1)!.batchSize;
    const { layout, arena, examples } = this;
    await recomputeStatistics(this.#gpu, { model, layout, theta, buffers, examples, batchSize, arena });
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
    const examples = this.#examplesOf(dataset);
    const { model } = this.#options;
    return Evaluator.open(this.#gpu, { model, layout, theta, buffers, examples, arena });
  }

  #examplesOf(dataset: Dataset): ResidentExamples {
    if (dataset === this.#options.dataset) return this.examples;
    const known = this.#resident.get(dataset);
    if (known) return known;
    const examples = this.#scope.own(uploadExamples(this.#gpu, dataset));
    this.#resident.set(dataset, examples);
    return examples;
  }

  /**
   * One replica as it is after all steps submitted, to be measured over the data that the run trains on: a copy, so that
   * the run may go on. `train` is the mode in which BatchNorm normalises by the batch; `eval` takes running statistics.
   * `dispose` frees the copy, which is of no use once the run's own disposal has freed the data.
   * @throws RangeError if there is no such replica
   */
  point(
    replica: number,
    { mode = 'train', which = 'last' }: { mode?: 'train' | 'eval'; which?: 'last' | 'averaged' } = {},
  ): { readonly point: Point; dispose(): void } {
    if (!(Number.isInteger(replica) && replica >= 0 && replica < this.replicas)) {
      throw new RangeError(`replica ${replica}, expected one from 0 to ${this.replicas - 1}`);
    }
    const { layout, examples } = this;
    const { model, dataset: source } = this.#options;
    return Scope.makeNow((scope) => {
      const copy = (from: State): State => scope.own(from.copyOf(replica));
      const [theta, buffers] = this.#weights(which);
      const context = { mode, buffers: mode === 'eval' && buffers ? copy(buffers) : null };
      return {
        point: { model, layout, theta: copy(theta), examples, source, context },
        dispose: () => scope.dispose(),
      };
    });
  }

  /**
   * Takes the next step and gives the time of each of its dispatches. Its reading comes with the next ones.
   * @throws if the adapter has no timestamp queries, or no step is left
   */
  async profile(): Promise<DispatchTime[]> {
    while (this.#flights.length >= IN_FLIGHT) await this.#land();
    const step = this.#submitted;
    const { steps } = this.#options;
    if (this.#stopped || step >= steps) {
      throw new Error(`a profile takes a step, and step ${step} of ${steps} was the last`);
    }
    const times = this.#programAt(step).profile();
    // Without timestamps nothing was submitted.
    if (this.#gpu.device.features.has('timestamp-query')) {
      this.#fly(step, 1, (pass) => this.#encodeAfter(pass, step));
    }
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
