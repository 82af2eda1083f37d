import { compile } from '../autograd/compile.ts';
import type { ResidentExamples } from '../data/uploadExamples.ts';
import { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import { orLost } from '../gpu/orLost.ts';
import type { Program } from '../gpu/program.ts';
import { State } from '../gpu/state.ts';
import { isBatchNorm } from '../nn/batchNorm.ts';
import { exampleLosses } from '../nn/exampleLosses.ts';
import { forward } from '../nn/forward.ts';
import type { ForwardContext } from '../nn/forwardContext.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import { advance } from '../ops/advance.ts';
import { type FlatLayout, unpack } from '../ops/flat.ts';
import { gather } from '../ops/gather.ts';
import { Graph, type Tensor } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { sampleIndices } from '../ops/sampling.ts';

/** A model at one point, and the data it is measured on. */
export interface Point {
  readonly model: ModelSpec;
  readonly layout: FlatLayout;
  /** Flat [P]. */
  readonly theta: State;
  readonly examples: ResidentExamples;
  /** The mode that is measured; nothing that a pass runs changes running statistics. */
  readonly context: ForwardContext;
}

/** Whether the examples' losses depend on each other: BatchNorm in train mode. The data are one batch then. */
export function isCoupled({ model, context }: Pick<Point, 'model' | 'context'>): boolean {
  return context.mode === 'train' && model.layers.some(isBatchNorm);
}

/** What a pass sees of each micro-batch. */
export interface MicroBatch {
  readonly graph: Graph;
  readonly batch: number;
  /** Flat [P], and its tensors. */
  readonly theta: Tensor;
  readonly parameters: readonly Tensor[];
  /** [B], each example's own. */
  readonly losses: Tensor;
  /** Step, epoch and offset; the offset is the examples before this micro-batch. */
  readonly counters: State;
}

/**
 * The most examples that a pass has on the device at once, where they do not see each other. Also the longest serial sum of the moments kernel, whose
 * worst error, where the first example is the outlier, grows with its square: 1 % of a coordinate's variance here.
 */
export const LARGEST_MICRO_BATCH = 256;

/** One pass over all examples in file order, in micro-batches (or as one batch where they see each other); compiled once, run as often as wanted. */
export class Pass {
  readonly #gpu: Gpu;
  readonly #arena: Arena;
  readonly #counters: State;
  readonly #programs: ReadonlyMap<number, Program>;
  readonly #sizes: readonly number[];

  private constructor(
    gpu: Gpu,
    arena: Arena,
    counters: State,
    programs: ReadonlyMap<number, Program>,
    sizes: readonly number[],
  ) {
    this.#gpu = gpu;
    this.#arena = arena;
    this.#counters = counters;
    this.#programs = programs;
    this.#sizes = sizes;
  }

  /** @param trace what is done with each micro-batch, appended to its trace */
  static async open(
    gpu: Gpu,
    label: string,
    point: Point,
    trace: (batch: MicroBatch) => void,
  ): Promise<Pass> {
    const { model, layout, examples } = point;
    const total = examples.examples;
    const largest = isCoupled(point) ? total : LARGEST_MICRO_BATCH;
    const rest = total % largest;
    const whole = Math.floor(total / largest);
    const sizes = [...Array<number>(whole).fill(largest), ...(rest ? [rest] : [])];
    const counters = new State(gpu, { label: `${label} counters`, shape: [3], dtype: 'u32' });
    const arena = new Arena(gpu);
    const programs = new Map<number, Program>();
    for (const batch of new Set(sizes)) {
      const graph = new Graph();
      const indices = sampleIndices(graph, { mode: 'sequential', examples: total, counters }, batch);
      const [x, targets] = gather(examples, indices);
      const theta = read(graph, point.theta);
      const parameters = unpack(theta, layout);
      const losses = exampleLosses(model.loss, forward(model, parameters, x, point.context), targets);
      trace({ graph, batch, theta, parameters, losses, counters });
      advance(graph, counters, batch, total);
      programs.set(batch, await compile(gpu, graph, { label: `${label} B=${batch}`, replicas: 1, arena }));
    }
    return new Pass(gpu, arena, counters, programs, sizes);
  }

  /** Runs over all examples. `progress` is told how many are done. */
  async run(progress?: (done: number) => void): Promise<void> {
    this.#counters.write(Uint32Array.of(0, 0, 0));
    let done = 0;
    for (const size of this.#sizes) {
      this.#programs.get(size)!.run();
      done += size;
      await orLost(this.#gpu, this.#gpu.device.queue.onSubmittedWorkDone());
      progress?.(done);
    }
  }

  dispose(): void {
    for (const program of this.#programs.values()) program.dispose();
    this.#arena.dispose();
    this.#counters.dispose();
  }
}
