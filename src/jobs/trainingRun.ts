import { compile } from '../autograd/compile.ts';
import type { Dataset } from '../data/dataset.ts';
import { type ResidentExamples, uploadExamples } from '../data/uploadExamples.ts';
import { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import type { DispatchTime, Program } from '../gpu/program.ts';
import { Replay } from '../gpu/replay.ts';
import { State } from '../gpu/state.ts';
import { bufferLayout } from '../nn/batchNorm.ts';
import { parameterLayout } from '../nn/forward.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import type { FlatLayout } from '../ops/flat.ts';
import { Graph } from '../ops/graph.ts';
import type { SamplingMode } from '../ops/plans/indicesPlan.ts';
import { type Averaging, average, captures } from '../optim/average.ts';
import { packSettings, type SgdSettings } from '../optim/sgd.ts';
import { flatValues, namedValues } from './flatValues.ts';
import { recomputeStatistics } from './recomputeStatistics.ts';
import { shortestFloat32 } from './shortestFloat32.ts';
import { type Measuring, noiseWidth, readNoise, type StepNoise } from './stepNoise.ts';
import { traceStep } from './traceStep.ts';

/** One replica: what may differ between the runs of one program. */
export interface Replica {
  /** Of the order of examples, in [0, 2³²). */
  readonly seed: number;
  readonly settings: SgdSettings;
  /** ε of every step. */
  readonly rates: Float32Array;
  /** The initial state dict by name: parameters and running statistics. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

export interface TrainingOptions {
  readonly model: ModelSpec;
  readonly dataset: Dataset;
  readonly steps: number;
  /** B from a step on (counted from 0); the first entry from step 0. */
  readonly batches: readonly { readonly fromStep: number; readonly batchSize: number }[];
  readonly sampling: SamplingMode;
  /** [steps, B], for `order`. */
  readonly order?: Uint32Array;
  readonly replicas: readonly Replica[];
  readonly averaging?: Averaging;
  /** Batches from which BatchNorm's statistics of averaged weights are recomputed; of the last batch size by default. */
  readonly bnBatchSize?: number;
  /** Per-example statistics at steps 1, 1 + n, 1 + 2n, …; 0 for never. */
  readonly measureEvery?: number;
  /**
   * The smaller batch size of the statistics: 1 by default, each example's own gradient; it divides every B. For models
   * with BatchNorm 2 or more: ghost batches.
   */
  readonly smallBatch?: number;
  /** With the statistics, the spread that tests of the gradient and standard errors rest on. */
  readonly gradientTests?: boolean;
  /** Readings at steps n, 2n, … and wherever statistics are measured; 0 for never. 1 by default. */
  readonly recordEvery?: number;
}

/** What the device recorded of one step of one replica; `norms` and `spread` are null where it did not measure them. */
export interface StepReading extends Pick<StepNoise, 'spread'> {
  readonly replica: number;
  /** Counted from 1. */
  readonly step: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly loss: number;
  readonly norms: StepNoise['norms'] | null;
}

/** Steps that a submit may hold; a ring slot is kept for each of those in flight. */
const LARGEST_CHUNK = 256;
const IN_FLIGHT = 2;
const SLOTS = LARGEST_CHUNK * (IN_FLIGHT + 2);

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
  readonly #gpu: Gpu;
  readonly #options: TrainingOptions;
  readonly #arena: Arena;
  readonly #states: readonly State[];
  readonly #examples: ResidentExamples;
  readonly #rates: State;
  readonly #hostRates: Float32Array[];
  readonly #ring: State;
  readonly #programs: ReadonlyMap<string, Program>;
  readonly #averageProgram: Program | null;
  readonly #replay: Replay;
  readonly #alongside: { readonly every: number; readonly program: Program }[] = [];
  #submitted = 0;

  private constructor(
    gpu: Gpu,
    options: TrainingOptions,
    parts: Pick<TrainingRun, 'layout' | 'theta' | 'averaged' | 'buffers' | 'averagedBuffers'> & {
      arena: Arena;
      states: readonly State[];
      examples: ResidentExamples;
      rates: State;
      ring: State;
      programs: ReadonlyMap<string, Program>;
      averageProgram: Program | null;
    },
  ) {
    this.#options = options;
    this.layout = parts.layout;
    this.theta = parts.theta;
    this.averaged = parts.averaged;
    this.buffers = parts.buffers;
    this.averagedBuffers = parts.averagedBuffers;
    this.#gpu = gpu;
    this.#arena = parts.arena;
    this.#states = parts.states;
    this.#examples = parts.examples;
    this.#rates = parts.rates;
    this.#hostRates = options.replicas.map(({ rates }) => rates.slice());
    this.#ring = parts.ring;
    this.#programs = parts.programs;
    this.#averageProgram = parts.averageProgram;
    this.#replay = new Replay(gpu, this.#ring, LARGEST_CHUNK, IN_FLIGHT);
  }

  /**
   * Uploads data and weights and compiles every program the run will use.
   * @throws if a tensor or the data set passes what the adapter can bind, or the small batch does not fit the others
   */
  static async open(gpu: Gpu, options: TrainingOptions): Promise<TrainingRun> {
    const { model, dataset, steps, batches, sampling, order, replicas: each, averaging } = options;
    const replicas = each.length;
    const layout = parameterLayout(model);
    const states: State[] = [];
    const state = (label: string, shape: number[], dtype: 'f32' | 'u32' = 'f32'): State => {
      const made = new State(gpu, { label, shape, dtype, replicas });
      states.push(made);
      return made;
    };
    const theta = state('parameters', [layout.length]);
    const velocity = state('momentum buffer', [layout.length]);
    const rates = state('learning rates', [Math.max(1, steps)]);
    const hyper = state('SGD settings', [4]);
    const counters = state('counters', [3], 'u32');
    const seeds = state('seeds', [1], 'u32');
    const averaged = averaging ? state('averaged parameters', [layout.length]) : null;
    const statistics = bufferLayout(model);
    const hasStatistics = statistics.length > 0;
    const buffers = hasStatistics ? state('running statistics', [statistics.length]) : null;
    const averagedBuffers =
      averaging && hasStatistics ? state('running statistics of the average', [statistics.length]) : null;
    const measuring = measuringOf(options);
    const ring = state('ring', [SLOTS, 1 + (measuring ? noiseWidth(layout.entries.length, measuring) : 0)]);
    const table = order && new State(gpu, { label: 'order', shape: [order.length], dtype: 'u32' });
    if (table && order) {
      table.write(order);
      states.push(table);
    }
    each.forEach(({ seed, settings, rates: values, weights }, replica) => {
      theta.write(flatValues(layout, weights), { replica });
      buffers?.write(flatValues(statistics, weights), { replica });
      rates.write(values, { replica });
      hyper.write(packSettings(settings), { replica });
      seeds.write(Uint32Array.of(seed), { replica });
    });

    const examples = uploadExamples(gpu, dataset);
    const arena = new Arena(gpu);
    const programs = new Map<string, Program>();
    const sampler = { mode: sampling, examples: examples.examples, counters, seeds, order: table };
    const recorder = { counters, ring, examples: examples.examples };
    const optimizer = { theta, velocity, rates, hyper, counters };
    const pending = [];
    for (const batchSize of new Set(batches.map((batch) => batch.batchSize))) {
      for (const measured of measuring ? [null, measuring] : [null]) {
        const graph = new Graph();
        const step = { model, layout, examples, sampler, optimizer, recorder, buffers };
        traceStep(graph, step, batchSize, measured);
        const label = `step B=${batchSize}${measured ? ' with statistics' : ''}`;
        pending.push(
          compile(gpu, graph, { label, replicas, arena }).then((p) =>
            programs.set(key(batchSize, measured !== null), p),
          ),
        );
      }
    }
    await Promise.all(pending);
    let averageProgram: Program | null = null;
    if (averaging && averaged) {
      const graph = new Graph();
      average(graph, { averaging, theta, average: averaged, counters });
      averageProgram = await compile(gpu, graph, { label: averaging.kind, replicas, arena });
    }
    const parts = {
      layout,
      theta,
      averaged,
      buffers,
      averagedBuffers,
      arena,
      states,
      examples,
      rates,
      ring,
      programs,
      averageProgram,
    };
    return new TrainingRun(gpu, options, parts);
  }

  /** As the run was opened. */
  get options(): TrainingOptions {
    return this.#options;
  }

  get arena(): Arena {
    return this.#arena;
  }

  get replicas(): number {
    return this.#options.replicas.length;
  }

  /** Steps whose commands have been given to the device. */
  get submitted(): number {
    return this.#submitted;
  }

  /**
   * Runs a program after steps n, 2n, … that are yet to be submitted, within their submits: an instrument over the run's
   * parameters, with state of its own. Whoever made it disposes of it, after the run's last step.
   */
  runAlongside(every: number, program: Program): void {
    this.#alongside.push({ every, program });
  }

  /** B of a step, counted from 0. */
  batchSizeAt(step: number): number {
    return this.#options.batches.findLast(({ fromStep }) => fromStep <= step)!.batchSize;
  }

  #measures(step: number): boolean {
    const every = this.#options.measureEvery ?? 0;
    return every > 0 && step % every === 0;
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
    this.#hostRates.forEach((rates, r) => {
      if (replica !== undefined && r !== replica) return;
      rates.fill(rate, this.#submitted);
      if (this.#submitted < rates.length) {
        this.#rates.write(rates.subarray(this.#submitted), { replica: r, at: this.#submitted });
      }
    });
  }

  /**
   * Takes steps up to `until` (counted from 1; all by default) and yields readings as they come back, many steps at a
   * time, in the order of steps, then replicas. Many steps are one submit and two submits are in flight, so the
   * device is some steps ahead of what was yielded; when no more is asked for, it stops there.
   * @throws DeviceLostError
   */
  async *steps(until = this.#options.steps): AsyncGenerator<StepReading[], void, void> {
    const end = Math.min(until, this.#options.steps);
    const flight: { first: number; count: number; values: Promise<Float32Array[] | null> }[] = [];
    try {
      while (this.#submitted < end || flight.length > 0) {
        while (flight.length < IN_FLIGHT && this.#submitted < end) {
          const first = this.#submitted;
          const count = Math.min(this.#replay.chunk, end - first, SLOTS - (first % SLOTS));
          const wanted = Array.from({ length: count }, (_, i) => first + i).some((s) => this.#records(s));
          const values = this.#replay.submit((pass) => this.#encode(pass, first, count), {
            count,
            slot: first % SLOTS,
            read: wanted,
          });
          this.#submitted += count;
          flight.push({ first, count, values });
        }
        const { first, count, values } = flight.shift()!;
        const rows = await values;
        if (rows) yield this.#readings(rows, first, count);
      }
    } finally {
      // Left early: what is under way still holds its staging buffers.
      await Promise.allSettled(flight.map(({ values }) => values));
    }
  }

  #encode(pass: GPUComputePassEncoder, first: number, count: number): void {
    const { averaging } = this.#options;
    for (let step = first; step < first + count; step++) {
      this.#programs.get(key(this.batchSizeAt(step), this.#measures(step)))!.encode(pass);
      if (averaging && captures(averaging, step + 1)) this.#averageProgram!.encode(pass);
      for (const { every, program } of this.#alongside) if ((step + 1) % every === 0) program.encode(pass);
    }
  }

  #readings(rows: readonly Float32Array[], first: number, count: number): StepReading[] {
    const width = this.#ring.shape[1]!;
    const parameters = this.layout.entries.length;
    const measuring = measuringOf(this.#options);
    const readings: StepReading[] = [];
    for (let i = 0; i < count; i++) {
      const step = first + i;
      if (!this.#records(step)) continue;
      const batchSize = this.batchSizeAt(step);
      rows.forEach((row, replica) => {
        const at = i * width;
        const noise =
          measuring && this.#measures(step)
            ? readNoise(row.subarray(at + 1, at + width), { parameters, batchSize }, measuring)
            : { norms: null, spread: null };
        const learningRate = shortestFloat32(this.#hostRates[replica]![step]!);
        readings.push({ replica, step: step + 1, batchSize, learningRate, loss: row[at]!, ...noise });
      });
    }
    return readings;
  }

  /**
   * One replica's state dict by name: parameters and running statistics, or those of the averaged weights (which
   * recomputeAveragedStatistics makes). Waits for all submitted steps.
   */
  async weights(replica: number, which: 'last' | 'averaged' = 'last'): Promise<Map<string, Float32Array>> {
    const [source, buffers] =
      which === 'last' ? [this.theta, this.buffers] : [this.averaged, this.averagedBuffers];
    if (!source) throw new Error('the run keeps no average');
    const statistics = buffers && namedValues(bufferLayout(this.#options.model), await buffers.read(replica));
    return new Map([...namedValues(this.layout, await source.read(replica)), ...(statistics ?? [])]);
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
    const { layout, arena } = this;
    const examples = this.#examples;
    await recomputeStatistics(this.#gpu, { model, layout, theta, buffers, examples, batchSize, arena });
  }

  /**
   * Time of each dispatch of the step at the run's first batch size. It takes a step, so it is for benchmarks.
   * @throws if the adapter has no timestamp queries
   */
  profile(): Promise<DispatchTime[]> {
    return this.#programs.get(key(this.batchSizeAt(0), false))!.profile();
  }

  dispose(): void {
    this.#replay.dispose();
    for (const program of this.#programs.values()) program.dispose();
    this.#averageProgram?.dispose();
    this.#arena.dispose();
    this.#examples.dispose();
    for (const state of this.#states) state.dispose();
  }
}

function measuringOf({ measureEvery, smallBatch, gradientTests }: TrainingOptions): Measuring | null {
  return measureEvery ? { smallBatch: smallBatch ?? 1, tests: gradientTests ?? false } : null;
}

function key(batchSize: number, statistics: boolean): string {
  return `${batchSize} ${statistics}`;
}
