import { compile } from '../../autograd/compile.ts';
import type { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State, type StateOptions } from '../../gpu/state.ts';
import { submitInParts } from '../../gpu/submitInParts.ts';
import { exampleLosses } from '../../nn/exampleLosses.ts';
import { forward } from '../../nn/forward.ts';
import type { ModelSpec } from '../../nn/modelSpec.ts';
import { rightAnswers } from '../../nn/rightAnswers.ts';
import { type FlatLayout, unpack } from '../../ops/flat.ts';
import { Graph } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { type Examples, gather } from '../../ops/state/gather.ts';
import { record } from '../../ops/state/record.ts';
import { sampleIndices } from '../../ops/state/sampling.ts';
import { sum } from '../../ops/sum.ts';
import { passBatches } from './passBatches.ts';

/** What a replica does over a whole data set. */
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
  readonly #device: GPUDevice;
  readonly #scope: Scope;
  readonly #examples: number;
  readonly #counters: State;
  readonly #ring: State;
  readonly #batches: readonly { readonly batchSize: number; readonly program: Program }[];

  private constructor(
    device: GPUDevice,
    scope: Scope,
    parts: {
      examples: number;
      counters: State;
      ring: State;
      batches: readonly { batchSize: number; program: Program }[];
    },
  ) {
    this.#device = device;
    this.#scope = scope;
    this.#examples = parts.examples;
    this.#counters = parts.counters;
    this.#ring = parts.ring;
    this.#batches = parts.batches;
  }

  /** @throws LimitError if a result passes what the adapter can bind */
  static open(
    gpu: Gpu,
    {
      model,
      layout,
      theta,
      buffers = null,
      examples,
      arena,
    }: {
      model: ModelSpec;
      layout: FlatLayout;
      /** The weights to evaluate, flat [P]. */
      theta: State;
      /** Their running statistics, where the model has some. */
      buffers?: State | null;
      /** The data set, which outlives this. */
      examples: Examples;
      arena: Arena;
    },
  ): Promise<Evaluator> {
    return Scope.make(async (scope) => {
      const total = examples.examples;
      const classes = examples.targets.dtype === 'u32';
      const sizes = passBatches(total, MICRO_BATCH);
      const { replicas } = theta;
      const state = (label: string, options: Omit<StateOptions, 'label'>): State =>
        scope.own(new State(gpu, { label: `evaluation ${label}`, ...options }));
      const counters = state('counters', { shape: [3], dtype: 'u32' });
      const ring = state('ring', { shape: [sizes.length, classes ? 2 : 1], replicas });
      const programs = new Map<number, Program>();
      for (const batchSize of new Set(sizes)) {
        const graph = new Graph();
        const sampler = { mode: 'sequential' as const, examples: total, counters };
        const [x, targets] = gather(examples, sampleIndices(graph, sampler, batchSize));
        const outputs = forward(model, unpack(read(graph, theta), layout), x, { mode: 'eval', buffers });
        const losses = exampleLosses(model.loss, outputs, targets);
        const statistics = classes ? [sum(rightAnswers(outputs, targets))] : [];
        record({ counters, ring, examples: total }, losses, statistics);
        const label = `evaluation B=${batchSize}`;
        programs.set(batchSize, scope.own(await compile(gpu, graph, { label, replicas, arena })));
      }
      const batches = sizes.map((batchSize) => ({ batchSize, program: programs.get(batchSize)! }));
      return new Evaluator(gpu.device, scope, { examples: total, counters, ring, batches });
    });
  }

  /** Evaluates the weights as they are after all that was submitted, a result a replica. */
  async evaluate(): Promise<Evaluation[]> {
    this.#counters.write(Uint32Array.of(0, 0, 0));
    for (const { program } of this.#batches) submitInParts(this.#device, [program]).catch(() => {});
    const width = this.#ring.shape[1]!;
    const total = this.#examples;
    // Read before anything else is submitted: another evaluation may follow at once.
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

  /** The programs of one evaluation in order, one a batch: batches of one size share theirs. */
  get programs(): readonly Program[] {
    return this.#batches.map(({ program }) => program);
  }

  dispose(): void {
    this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
