import { type Dataset, fitDataset } from '../data/dataset.ts';
import type { Gpu } from '../gpu/device.ts';
import { requireBatches } from '../nn/batchNorm.ts';
import { deriveSeed } from '../nn/deriveSeed.ts';
import { requireSupported } from '../nn/forward.ts';
import { initialStateDict } from '../nn/init.ts';
import type { LayerSpec, LossName, ModelSpec } from '../nn/modelSpec.ts';
import type { SamplingMode } from '../ops/plans/indicesPlan.ts';
import type { Averaging } from '../optim/average.ts';
import { learningRates, type Schedule } from '../optim/schedule.ts';
import { type Evaluation, Evaluator } from './evaluator.ts';
import type { Reading } from './reading.ts';
import { type ReplicaLog, replicaLogs } from './replicaLog.ts';
import { TrainingRun } from './trainingRun.ts';

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
}

/**
 * Trains a model, several replicas in one program where a setting is a list.
 * @example
 * const run = await train(gpu, { model: sequential(linear(784, 128), relu(), linear(128, 10)), data, steps: 2000,
 *   batchSize: 64, lr: [0.03, 0.1, 0.3], noiseScaleEvery: 10 });
 * for await (const reading of run.readings()) plot(reading.step, reading.loss, reading.bSimple);
 * @throws InputError if model and data do not fit; an error naming sizes and limit if the adapter cannot hold them
 */
export async function train(gpu: Gpu, settings: TrainSettings): Promise<Training> {
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
  const run = await TrainingRun.open(gpu, {
    model,
    dataset,
    steps,
    batches: [{ fromStep: 0, batchSize: settings.batchSize }],
    sampling: settings.order ?? 'shuffle',
    averaging,
    measureEvery: noiseScaleEvery,
    smallBatch,
    gradientTests: settings.gradientTests,
    replicas: Array.from({ length: replicas }, (_, r) => {
      const seed = at(lists.seed, r);
      const initial = initialStateDict(model, deriveSeed(seed, 'init'));
      return {
        seed: deriveSeed(seed, 'order'),
        settings: {
          momentum: at(lists.momentum, r),
          weightDecay: at(lists.weightDecay, r),
          dampening: settings.dampening ?? 0,
          nesterov: settings.nesterov ?? false,
        },
        rates: learningRates(settings.schedule ?? { type: 'constant' }, at(lists.lr, r), steps),
        weights: new Map([...initial].map(([name, { data }]) => [name, data])),
      };
    }),
  });
  return new Training(gpu, { model, dataset }, run);
}

/** A run under way. Nothing runs but what is asked for by taking readings. */
export class Training {
  readonly model: ModelSpec;
  readonly #gpu: Gpu;
  readonly #dataset: Dataset;
  readonly #run: TrainingRun;
  readonly #logs: readonly ReplicaLog[];

  constructor(gpu: Gpu, of: { readonly model: ModelSpec; readonly dataset: Dataset }, run: TrainingRun) {
    this.#gpu = gpu;
    this.model = of.model;
    this.#dataset = of.dataset;
    this.#run = run;
    this.#logs = replicaLogs(run);
  }

  /**
   * Takes steps and yields a reading for each step and replica, up to step `until` (counted from 1; all by default). The
   * device is some steps ahead of what was yielded. A replica that diverges yields no more.
   * @throws DeviceLostError
   */
  async *readings(until?: number): AsyncGenerator<Reading, void, void> {
    for await (const steps of this.#run.steps(until)) {
      for (const step of steps) {
        const reading = this.#logs[step.replica]!.take(step);
        if (reading) yield reading;
      }
    }
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
  async stateDict(replica = 0, which: 'last' | 'averaged' = 'last'): Promise<Map<string, Float32Array>> {
    if (which === 'averaged') await this.#run.recomputeAveragedStatistics();
    return this.#run.weights(replica, which);
  }

  /** Loss and accuracy over a whole data set, a result a replica; the training data by default. */
  async evaluate(data?: Dataset, which: 'last' | 'averaged' = 'last'): Promise<Evaluation[]> {
    const run = this.#run;
    if (which === 'averaged') await run.recomputeAveragedStatistics();
    const [theta, buffers] =
      which === 'last' ? [run.theta, run.buffers] : [run.averaged, run.averagedBuffers];
    if (!theta) throw new Error('the run keeps no average');
    const dataset = data ? fitDataset(data, this.model, 'model').dataset : this.#dataset;
    const { layout, arena } = run;
    const { model } = this;
    const evaluator = await Evaluator.open(this.#gpu, { model, layout, theta, buffers, dataset, arena });
    try {
      return await evaluator.evaluate();
    } finally {
      evaluator.dispose();
    }
  }

  /** Frees all that the run holds on the device. */
  dispose(): void {
    this.#run.dispose();
  }
}
