import { compile } from '../autograd/compile.ts';
import type { Dataset } from '../data/dataset.ts';
import { type ResidentExamples, uploadExamples } from '../data/uploadExamples.ts';
import type { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import { orLost } from '../gpu/orLost.ts';
import type { Program } from '../gpu/program.ts';
import { State } from '../gpu/state.ts';
import { exampleLosses } from '../nn/exampleLosses.ts';
import { forward } from '../nn/forward.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import { correct } from '../ops/correct.ts';
import { type FlatLayout, unpack } from '../ops/flat.ts';
import { gather } from '../ops/gather.ts';
import { Graph } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { record } from '../ops/record.ts';
import { sampleIndices } from '../ops/sampling.ts';
import { sum } from '../ops/sum.ts';

export interface Evaluation {
  /** Mean over all examples. */
  readonly loss: number;
  /** Share of right answers; null where the targets are no classes. */
  readonly accuracy: number | null;
}

/** Examples of a pass over the data that are on the device at once. */
const MICRO_BATCH = 1000;

/** Loss and accuracy of weights over a whole data set in eval mode, in file order, for all replicas at once. */
export class Evaluator {
  readonly #gpu: Gpu;
  readonly #examples: ResidentExamples;
  readonly #counters: State;
  readonly #ring: State;
  readonly #batches: readonly { readonly batchSize: number; readonly program: Program }[];

  private constructor(
    gpu: Gpu,
    examples: ResidentExamples,
    counters: State,
    ring: State,
    batches: readonly { batchSize: number; program: Program }[],
  ) {
    this.#gpu = gpu;
    this.#examples = examples;
    this.#counters = counters;
    this.#ring = ring;
    this.#batches = batches;
  }

  /**
   * @param theta the weights to evaluate, flat [P]
   * @param buffers their running statistics, where the model has some
   */
  static async open(
    gpu: Gpu,
    {
      model,
      layout,
      theta,
      buffers = null,
      dataset,
      arena,
    }: {
      model: ModelSpec;
      layout: FlatLayout;
      theta: State;
      buffers?: State | null;
      dataset: Dataset;
      arena: Arena;
    },
  ): Promise<Evaluator> {
    const examples = uploadExamples(gpu, dataset);
    const classes = dataset.targets.kind === 'classes';
    const whole = Math.floor(dataset.examples / MICRO_BATCH);
    const rest = dataset.examples % MICRO_BATCH;
    const sizes = [...Array<number>(whole).fill(MICRO_BATCH), ...(rest ? [rest] : [])];
    const counters = new State(gpu, { label: 'evaluation counters', shape: [3], dtype: 'u32' });
    const replicas = theta.replicas;
    const ring = new State(gpu, {
      label: 'evaluation ring',
      shape: [sizes.length, classes ? 2 : 1],
      replicas,
    });
    const programs = new Map<number, Program>();
    for (const batchSize of new Set(sizes)) {
      const graph = new Graph();
      const sampler = { mode: 'sequential' as const, examples: examples.examples, counters };
      const [x, targets] = gather(examples, sampleIndices(graph, sampler, batchSize));
      const outputs = forward(model, unpack(read(graph, theta), layout), x, { mode: 'eval', buffers });
      const losses = exampleLosses(model.loss, outputs, targets);
      const statistics = classes ? [sum(correct(outputs, targets))] : [];
      record({ counters, ring, examples: examples.examples }, losses, statistics);
      programs.set(
        batchSize,
        await compile(gpu, graph, { label: `evaluation B=${batchSize}`, replicas, arena }),
      );
    }
    const batches = sizes.map((batchSize) => ({ batchSize, program: programs.get(batchSize)! }));
    return new Evaluator(gpu, examples, counters, ring, batches);
  }

  /** Evaluates the weights as they are after all that was submitted, a result a replica. */
  async evaluate(): Promise<Evaluation[]> {
    this.#counters.write(Uint32Array.of(0, 0, 0));
    const { device } = this.#gpu;
    for (const { program } of this.#batches) program.run();
    await orLost(this.#gpu, device.queue.onSubmittedWorkDone());
    const width = this.#ring.shape[1]!;
    const total = this.#examples.examples;
    return Promise.all(
      Array.from({ length: this.#ring.replicas }, async (_, replica) => {
        const rows = await this.#ring.read(replica);
        let loss = 0;
        let right = 0;
        this.#batches.forEach(({ batchSize }, i) => {
          loss += rows[i * width]! * batchSize;
          right += rows[i * width + 1] ?? 0;
        });
        return { loss: loss / total, accuracy: width === 2 ? right / total : null };
      }),
    );
  }

  dispose(): void {
    for (const program of new Set(this.#batches.map((batch) => batch.program))) program.dispose();
    this.#examples.dispose();
    this.#counters.dispose();
    this.#ring.dispose();
  }
}
