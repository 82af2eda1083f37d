import { compile } from '../../autograd/compile.ts';
import type { Dataset } from '../../data/dataset.ts';
import { type ResidentExamples, uploadExamples } from '../../data/uploadExamples.ts';
import { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { Evaluator } from '../../measure/evaluation/evaluator.ts';
import { passBatches } from '../../measure/evaluation/passBatches.ts';
import { recomputeStatistics } from '../../measure/evaluation/recomputeStatistics.ts';
import { bufferLayout } from '../../nn/batchNorm.ts';
import { forward, parameterLayout } from '../../nn/forward.ts';
import type { ModelSpec } from '../../nn/modelSpec.ts';
import { unpack } from '../../ops/flat.ts';
import { Graph } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { advance } from '../../ops/state/advance.ts';
import { append } from '../../ops/state/append.ts';
import { gather } from '../../ops/state/gather.ts';
import { sampleIndices } from '../../ops/state/sampling.ts';

/** A model with BatchNorm, the data that its statistics are made from, and other data that it is asked about. */
export interface SolutionsOf {
  readonly model: ModelSpec;
  readonly train: Dataset;
  readonly test: Dataset;
  /** Examples of a batch of the pass for statistics. */
  readonly batchSize: number;
}

/** What weights do over both data sets in eval mode. */
export interface SolutionValues {
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
}

/** Weights on the device at once. */
const AT_ONCE = 6;
/** Examples of a pass for outputs that are on the device at once. */
const MICRO_BATCH = 500;

/**
 * Weights of one model, which no step need have trained, over two data sets: BatchNorm's statistics by a pass over the training data, or as
 * given; loss and accuracy; and outputs. What is found of weights does not depend on those beside them.
 */
export class Solutions {
  readonly #gpu: Gpu;
  readonly #of: SolutionsOf;
  readonly #scope: Scope;
  readonly #theta: State;
  readonly #buffers: State;
  readonly #arena: Arena;
  readonly #resident: ReadonlyMap<Dataset, ResidentExamples>;
  readonly #evaluators: ReadonlyMap<Dataset, Evaluator>;

  private constructor(
    gpu: Gpu,
    of: SolutionsOf,
    scope: Scope,
    parts: {
      theta: State;
      buffers: State;
      arena: Arena;
      resident: ReadonlyMap<Dataset, ResidentExamples>;
      evaluators: ReadonlyMap<Dataset, Evaluator>;
    },
  ) {
    this.#gpu = gpu;
    this.#of = of;
    this.#scope = scope;
    this.#theta = parts.theta;
    this.#buffers = parts.buffers;
    this.#arena = parts.arena;
    this.#resident = parts.resident;
    this.#evaluators = parts.evaluators;
  }

  /** @throws LimitError if the data or a result pass what the adapter can bind */
  static open(gpu: Gpu, of: SolutionsOf): Promise<Solutions> {
    return Scope.make(async (scope) => {
      const { model, train, test } = of;
      const layout = parameterLayout(model);
      const state = (label: string, length: number): State =>
        scope.own(new State(gpu, { label, shape: [length], replicas: AT_ONCE }));
      const theta = state('weights', layout.length);
      const buffers = state('statistics', bufferLayout(model).length);
      const arena = scope.own(new Arena(gpu));
      const resident = new Map<Dataset, ResidentExamples>();
      const evaluators = new Map<Dataset, Evaluator>();
      for (const data of [train, test]) {
        const examples = scope.own(uploadExamples(gpu, data));
        resident.set(data, examples);
        const evaluated = { model, layout, theta, buffers, examples, arena };
        evaluators.set(data, scope.own(await Evaluator.open(gpu, evaluated)));
      }
      return new Solutions(gpu, of, scope, { theta, buffers, arena, resident, evaluators });
    });
  }

  get model(): ModelSpec {
    return this.#of.model;
  }

  /** How many examples the test data are. */
  get tested(): number {
    return this.#of.test.examples;
  }

  /**
   * Loss and accuracy of each weights, flat as the model's parameters are.
   * @param statistics BatchNorm's of each, flat; by a pass over the training data where left out
   */
  async evaluate(
    weights: readonly Float32Array[],
    statistics?: readonly Float32Array[],
  ): Promise<SolutionValues[]> {
    const { train, test } = this.#of;
    return this.#inWaves(weights, statistics, async () => {
      const trained = await this.#evaluators.get(train)!.evaluate();
      const tested = await this.#evaluators.get(test)!.evaluate();
      return trained.map(({ loss, accuracy }, r) => ({
        trainLoss: loss,
        trainAccuracy: accuracy!,
        testLoss: tested[r]!.loss,
        testAccuracy: tested[r]!.accuracy!,
      }));
    });
  }

  /** Logits of each weights for every example of the test data, [N, classes], with statistics of their own by a pass over the training data. */
  async outputs(weights: readonly Float32Array[]): Promise<Float32Array[]> {
    const { model, test } = this.#of;
    const examples = this.#resident.get(test)!;
    const layout = parameterLayout(model);
    const sizes = passBatches(test.examples, MICRO_BATCH);
    return Scope.within(async (scope) => {
      const counters = scope.own(new State(this.#gpu, { label: 'rows', shape: [3], dtype: 'u32' }));
      const into = scope.own(
        new State(this.#gpu, {
          label: 'outputs',
          shape: [test.examples, widthOf(model)],
          replicas: AT_ONCE,
        }),
      );
      const programs = new Map(
        await Promise.all(
          [...new Set(sizes)].map(async (size) => {
            const graph = new Graph();
            const of = { mode: 'sequential' as const, examples: test.examples, counters };
            const [x] = gather(examples, sampleIndices(graph, of, size));
            const context = { mode: 'eval' as const, buffers: this.#buffers };
            append(into, forward(model, unpack(read(graph, this.#theta), layout), x, context), counters);
            advance(graph, counters, size, test.examples);
            const options = { label: `outputs B=${size}`, replicas: AT_ONCE, arena: this.#arena };
            return [size, scope.own(await compile(this.#gpu, graph, options))] as const;
          }),
        ),
      );
      return this.#inWaves(weights, undefined, async () => {
        for (const size of sizes) programs.get(size)!.run();
        return Promise.all(Array.from({ length: AT_ONCE }, (_, r) => into.read(r)));
      });
    });
  }

  /** Does something with some weights at a time, all that there is room for; the last of them fill up the last ones' room. */
  async #inWaves<Found>(
    weights: readonly Float32Array[],
    statistics: readonly Float32Array[] | undefined,
    find: () => Promise<Found[]>,
  ): Promise<Found[]> {
    const found: Found[] = [];
    for (let first = 0; first < weights.length; first += AT_ONCE) {
      for (let replica = 0; replica < AT_ONCE; replica++) {
        const of = Math.min(first + replica, weights.length - 1);
        this.#theta.write(weights[of]!, { replica });
        if (statistics) this.#buffers.write(statistics[of]!, { replica });
      }
      if (!statistics) await this.#recompute();
      found.push(...(await find()).slice(0, weights.length - first));
    }
    return found;
  }

  async #recompute(): Promise<void> {
    const { model, train, batchSize } = this.#of;
    await recomputeStatistics(this.#gpu, {
      model,
      layout: parameterLayout(model),
      theta: this.#theta,
      buffers: this.#buffers,
      examples: this.#resident.get(train)!,
      batchSize,
      arena: this.#arena,
    });
  }

  dispose(): void {
    this.#scope.dispose();
  }
}

/** Numbers of an answer of the model. */
function widthOf({ layers }: ModelSpec): number {
  const last = layers.at(-1)!;
  if (last.type !== 'Linear') throw new Error(`the model ends in ${last.type}, expected Linear`);
  return last.out_features;
}
