import { type Dataset, fitDataset } from '../data/dataset.ts';
import type { Gpu } from '../gpu/device.ts';
import { DeviceLostError } from '../gpu/orLost.ts';
import { RunKernels } from '../gpu/runKernels.ts';
import { Scope } from '../gpu/scope.ts';
import { noiseScaleInstrument } from '../measure/gradient/noiseScaleInstrument.ts';
import type { Instrument } from '../measure/instrument.ts';
import { instrumentFrom, requireDifferent } from '../measure/instruments.ts';
import { requireBatches } from '../nn/batchNorm.ts';
import { requireSupported } from '../nn/forward.ts';
import { initialStateDict } from '../nn/init.ts';
import type { LayerSpec, LossName, ModelSpec } from '../nn/modelSpec.ts';
import type { SamplingMode } from '../ops/plans/indicesPlan.ts';
import type { Averaging } from '../optim/average.ts';
import { learningRates, type Schedule } from '../optim/schedule.ts';
import { deriveSeed } from '../random/deriveSeed.ts';
import type { Evaluation, Evaluator } from './evaluator.ts';
import type { Reading } from './reading.ts';
import { type ReplicaLog, replicaLogs } from './replicaLog.ts';
import { type RunNames, requireFits } from './requireFits.ts';
import { requireSameContents, requireSameJob } from './requireSameRun.ts';
import { type RunContents, runContents } from './runContents.ts';
import type { RunShape } from './runParts.ts';
import { type RunIdentity, readSnapshot, requireShortJob, writeSnapshot } from './snapshot.ts';
import { type StepReading, type TrainingOptions, TrainingRun } from './trainingRun.ts';

export interface TrainSettings {
  readonly model: readonly LayerSpec[];
  readonly loss?: LossName;
  readonly data: Dataset;
  /** Steps of the whole run: its schedule lies on the device from the start. */
  readonly steps: number;
  readonly batchSize: number;
  /** A list makes a replica for each value; lists go together, the shorter ones repeating. */
  readonly lr: number | readonly number[];
  readonly momentum?: number | readonly number[];
  readonly weightDecay?: number | readonly number[];
  /** Of initial weights and order, each drawn by a seed that follows from it (deriveSeed), in [0, 2³²). */
  readonly seed?: number | readonly number[];
  readonly nesterov?: boolean;
  readonly dampening?: number;
  readonly schedule?: Schedule;
  readonly order?: Exclude<SamplingMode, 'order'>;
  readonly averaging?: Averaging;
  /** Gradient statistics and the noise scale every so many steps; never by default. */
  readonly noiseScaleEvery?: number;
  /** … from sub-batches of so many examples, a divisor of the batch size; 1 by default. With BatchNorm 2 or more. */
  readonly smallBatch?: number;
  /** … with tests of the gradient and standard errors. */
  readonly gradientTests?: boolean;
  /** More that is measured on the way, as a train.json has it: `{ type: 'eigenvalue', every: 100 }`. At most one of a type. */
  readonly instruments?: readonly Readonly<Record<string, unknown>>[];
  /** What `Training.snapshot` gave of a run of these settings and data: it goes on from there. */
  readonly resume?: Uint8Array;
}

/** What the parts of a run are called in its settings. */
const NAMES: RunNames = {
  file: 'train',
  steps: 'steps',
  batchSize: 'batchSize',
  bnBatchSize: 'batchSize',
  replicas: 'replicas',
  data: 'data',
  model: 'model',
};

/**
 * Trains a model, several replicas in one program where a setting is a list.
 * @example
 * const run = await train(gpu, { model: sequential(linear(784, 128), relu(), linear(128, 10)), data, steps: 2000,
 *   batchSize: 64, lr: [0.03, 0.1, 0.3], noiseScaleEvery: 10 });
 * for await (const reading of run.readings()) plot(reading.step, reading.loss, reading.bSimple);
 * @throws InputError if model and data do not fit each other, the adapter cannot hold the run, or `resume` is damaged, of other
 *   settings or data, or of another version: before anything is made
 */
export async function train(device: Gpu, settings: TrainSettings): Promise<Training> {
  const { loss = 'cross_entropy', steps, averaging, noiseScaleEvery, smallBatch = 1 } = settings;
  const model: ModelSpec = { layers: [...settings.model], loss };
  const { dataset, shapes } = fitDataset(settings.data, model, 'model');
  requireSupported('model', model, shapes);
  requireBatches('model', model, shapes, {
    batchSizes: [settings.batchSize],
    measures: noiseScaleEvery ? smallBatch : false,
    passes: averaging ? { examples: dataset.examples, batchSize: settings.batchSize } : null,
  });
  const lists = {
    lr: [settings.lr].flat(),
    momentum: [settings.momentum ?? 0].flat(),
    weightDecay: [settings.weightDecay ?? 0].flat(),
    seed: [settings.seed ?? 0].flat(),
  };
  const replicas = Math.max(...Object.values(lists).map((list) => list.length));
  const at = (list: readonly number[], replica: number): number => list[replica % list.length]!;
  const shape: RunShape = {
    model,
    dataset,
    steps,
    batches: [{ fromStep: 0, batchSize: settings.batchSize }],
    sampling: settings.order ?? 'shuffle',
    averaging,
    instruments: instrumentsOf(settings),
  };
  const earlier = settings.resume && (await readSnapshot('resume', settings.resume, device.info));
  const { dampening = 0, nesterov = false, schedule = { type: 'constant' } } = settings;
  const { resume: _, data: __, model: ___, ...rest } = settings;
  const order = shape.sampling;
  const job = { ...rest, ...lists, loss, order, smallBatch, dampening, nesterov, schedule };
  if (earlier) requireSameJob(earlier, job);
  const kernels = new RunKernels(device, earlier?.kernels);
  const gpu: Gpu = { ...device, kernels };
  await requireFits(gpu, shape, replicas, NAMES);
  const options: TrainingOptions = {
    ...shape,
    replicas: Array.from({ length: replicas }, (_, r) => {
      const seed = at(lists.seed, r);
      const initial = initialStateDict(model, deriveSeed(seed, 'init'));
      return {
        seed: deriveSeed(seed, 'order'),
        settings: {
          momentum: at(lists.momentum, r),
          weightDecay: at(lists.weightDecay, r),
          dampening,
          nesterov,
        },
        rates: learningRates(schedule, at(lists.lr, r), steps),
        weights: new Map([...initial].map(([name, { data }]) => [name, data])),
      };
    }),
  };
  if (earlier) requireSameContents(earlier, await runContents(options), {});
  const run = await TrainingRun.open(gpu, options);
  try {
    if (earlier) run.restore('resume', earlier);
    const identity = { job, kernels: kernels.record, warnings: earlier?.warnings ?? [] };
    return new Training(run, { model, data: settings.data, steps, gpu, identity });
  } catch (error) {
    run.dispose();
    throw error;
  }
}

/** @throws InputError for what is no instrument, or two of a type */
function instrumentsOf({
  noiseScaleEvery: every,
  smallBatch = 1,
  gradientTests: tests = false,
  instruments = [],
}: TrainSettings): readonly Instrument[] {
  const noise = every ? [noiseScaleInstrument({ smallBatch, tests, layers: true }, { every })] : [];
  const others = instruments.map((given, i) => instrumentFrom('train', `instruments.${i}`, given));
  return requireDifferent('train', [...noise, ...others]);
}

/** A run under way. Nothing runs but what is asked for by taking readings. */
export class Training {
  readonly model: ModelSpec;
  readonly #run: TrainingRun;
  readonly #gpu: Gpu;
  readonly #identity: Omit<RunIdentity, 'contents'>;
  #contents: Promise<RunContents> | undefined;
  /** What it trains on, as it was given. */
  readonly #data: Dataset;
  /** Of the whole run. */
  readonly #steps: number;
  readonly #logs: readonly ReplicaLog[];
  readonly #scope = new Scope();
  /** By the data set as it was given. */
  readonly #evaluators = { last: new Map<Dataset, Evaluator>(), averaged: new Map<Dataset, Evaluator>() };
  /** Readings that came back, and how many of them were told. */
  #unread: { readonly readings: readonly StepReading[]; at: number } = { readings: [], at: 0 };
  #lastStep = 0;

  constructor(
    run: TrainingRun,
    of: {
      readonly model: ModelSpec;
      readonly data: Dataset;
      readonly steps: number;
      readonly gpu: Gpu;
      readonly identity: Omit<RunIdentity, 'contents'>;
    },
  ) {
    this.#run = run;
    this.#gpu = of.gpu;
    this.#identity = of.identity;
    this.model = of.model;
    this.#data = of.data;
    this.#steps = of.steps;
    this.#logs = replicaLogs(run);
  }

  /**
   * Takes steps and yields a reading for each step and replica, up to step `until` (counted from 1; all by default). The
   * device is some steps ahead of what was yielded; left early, the next call goes on with the next reading. A replica that
   * diverges yields no more, and when all have diverged the run ends: `steps` and `diverged` tell where. A run that goes on
   * from a snapshot yields its readings again, from the first step on.
   * @throws DeviceLostError naming the last step read
   */
  async *readings(until = Number.POSITIVE_INFINITY): AsyncGenerator<Reading, void, void> {
    yield* this.#told(until);
    const chunks = this.#run.steps(until);
    for (;;) {
      const { value, done } = await this.#named(chunks.next());
      if (done) return;
      const left = this.#unread.readings.slice(this.#unread.at);
      this.#unread = { readings: left.concat(value), at: 0 };
      yield* this.#told(until);
    }
  }

  /** Those of the readings that came back which no one has had, up to step `until`. */
  *#told(until: number): Generator<Reading, void, void> {
    for (;;) {
      const step = this.#unread.readings[this.#unread.at];
      if (!step || step.step > until) return;
      this.#unread.at++;
      this.#lastStep = step.step;
      const reading = this.#logs[step.replica]!.take(step);
      if (reading) yield reading;
    }
  }

  /** Steps taken so far; no more are where all replicas have diverged. */
  get steps(): number {
    return this.#run.submitted;
  }

  /**
   * The run as it is after all steps taken, as bytes to be kept: `train` goes on from them as its `resume`, with the same settings
   * and data, and gives the bits of a run never stopped. A safetensors file (see `writeSnapshot`).
   * @throws DeviceLostError
   */
  async snapshot(): Promise<Uint8Array> {
    requireShortJob('train', this.#identity.job);
    const state = await this.#named(this.#run.snapshot());
    this.#contents ??= runContents(this.#run.options);
    return writeSnapshot(state, { ...this.#identity, contents: await this.#contents }, this.#gpu.info);
  }

  /** Work of the device whose loss is told with the last step read. */
  async #named<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof DeviceLostError)) throw error;
      throw new DeviceLostError(
        `${error.message}; the last step read was ${this.#lastStep} of ${this.#steps}`,
      );
    }
  }

  /** What may make the run's last bits differ from those of one never stopped: it went on on another adapter, say. */
  get warnings(): readonly string[] {
    return this.#identity.warnings;
  }

  /** The step and reason at which a replica diverged, or null. */
  diverged(replica = 0): ReplicaLog['diverged'] {
    return this.#logs[replica]!.diverged;
  }

  /** ε from the next step that is given to the device on; of all replicas by default. */
  setLearningRate(lr: number, replica?: number): void {
    this.#run.setLearningRate(lr, replica);
  }

  /**
   * Parameters and running statistics by their state-dict names; `averaged` for those of SWA or EMA, BatchNorm's
   * statistics recomputed for them.
   */
  async stateDict(
    replica = 0,
    which: 'last' | 'averaged' = 'last',
  ): Promise<Map<string, Float32Array | Uint32Array>> {
    if (which === 'averaged') await this.#named(this.#run.recomputeAveragedStatistics());
    return this.#named(this.#run.weights(replica, which));
  }

  /**
   * One replica as it is now, to be measured over the training data while the run may go on (`gradientMoments`,
   * `CurvatureOperator`, …): a copy, freed by its `dispose` or with the run. See `TrainingRun.point`.
   */
  point(...args: Parameters<TrainingRun['point']>): ReturnType<TrainingRun['point']> {
    return this.#run.point(...args);
  }

  /**
   * Loss and accuracy over a whole data set, a result a replica; the training data by default, which are on the device
   * already. Another data set stays there, with what evaluates it, until the run is disposed of.
   */
  async evaluate(data = this.#data, which: 'last' | 'averaged' = 'last'): Promise<Evaluation[]> {
    const evaluator = await this.#evaluator(data, which);
    if (which === 'averaged') await this.#named(this.#run.recomputeAveragedStatistics());
    return this.#named(evaluator.evaluate());
  }

  async #evaluator(data: Dataset, which: 'last' | 'averaged'): Promise<Evaluator> {
    const known = this.#evaluators[which].get(data);
    if (known) return known;
    const dataset = data === this.#data ? undefined : fitDataset(data, this.model, 'model').dataset;
    const made = this.#scope.own(await this.#named(this.#run.evaluator(dataset, which)));
    this.#evaluators[which].set(data, made);
    return made;
  }

  /** Frees all that the run holds on the device. */
  dispose(): void {
    this.#scope.dispose();
    this.#run.dispose();
  }
}
