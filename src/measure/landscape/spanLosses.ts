import { compile } from '../../autograd/compile.ts';
import { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State, type StateOptions } from '../../gpu/state.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { exampleLosses } from '../../nn/exampleLosses.ts';
import type { ForwardContext } from '../../nn/forwardContext.ts';
import { rightAnswers } from '../../nn/rightAnswers.ts';
import { Graph } from '../../ops/graph.ts';
import { record } from '../../ops/state/record.ts';
import { sum } from '../../ops/sum.ts';
import type { Evaluation } from '../evaluation/evaluator.ts';
import type { SpanBatches } from './spanBatches.ts';

/** What is found at the points of a span. */
export interface SpanLossesOptions {
  readonly context: ForwardContext;
  /** Also count right answers, where the targets are classes. */
  readonly accuracy: boolean;
  /** Runs whose losses are kept on the device until they are read. */
  readonly runs: number;
}

/**
 * Mean loss, and share of right answers, over all examples of a data set at every point of a span: the points are replicas of one
 * program. The host learns these only.
 */
export class SpanLosses {
  readonly #gpu: Gpu;
  readonly #scope: Scope;
  readonly #batches: SpanBatches;
  readonly #counters: State;
  readonly #ring: State;
  readonly #programs: readonly Program[];
  #runs = 0;

  private constructor(
    gpu: Gpu,
    scope: Scope,
    batches: SpanBatches,
    parts: { counters: State; ring: State; programs: readonly Program[] },
  ) {
    this.#gpu = gpu;
    this.#scope = scope;
    this.#batches = batches;
    this.#counters = parts.counters;
    this.#ring = parts.ring;
    this.#programs = parts.programs;
  }

  /** @throws LimitError if the activations at the points pass what the adapter can bind */
  static open(
    gpu: Gpu,
    batches: SpanBatches,
    { context, accuracy, runs }: SpanLossesOptions,
  ): Promise<SpanLosses> {
    return Scope.make(async (scope) => {
      const { model, examples, sizes, span } = batches;
      const replicas = span.points;
      const counts = accuracy && examples.targets.dtype === 'u32';
      const state = (options: StateOptions): State => scope.own(new State(gpu, options));
      const counters = state({ label: 'counters of the points', shape: [3], dtype: 'u32' });
      const shape = [runs * sizes.length, counts ? 2 : 1];
      const ring = state({ label: 'losses of the points', shape, replicas });
      const arena = scope.own(new Arena(gpu));
      const programs = new Map<number, Program>();
      for (const batch of new Set(sizes)) {
        const graph = new Graph();
        const { outputs, targets } = batches.outputs(graph, batch, counters, context);
        const statistics = counts ? [sum(rightAnswers(outputs, targets))] : [];
        const losses = exampleLosses(model.loss, outputs, targets);
        record({ counters, ring, examples: examples.examples }, losses, statistics);
        const made = compile(gpu, graph, { label: `points B=${batch}`, replicas, arena });
        programs.set(batch, scope.own(await made));
      }
      const inOrder = sizes.map((size) => programs.get(size)!);
      return new SpanLosses(gpu, scope, batches, { counters, ring, programs: inOrder });
    });
  }

  /**
   * Computes the losses at the points as vectors and coefficients stand on the device, and keeps them there. Does not wait for them.
   * @throws if as many runs as there is room for wait to be read
   */
  async run(): Promise<void> {
    if (this.#runs * this.#programs.length === this.#ring.shape[0])
      throw new Error('no room for another run');
    this.#runs++;
    await this.#batches.prepare();
    for (const program of this.#programs) await submitAhead(this.#gpu, [program]);
  }

  /** What each run since the last call found at each point: [runs][points]. Values may be NaN or infinite. */
  async read(): Promise<Evaluation[][]> {
    const [rows, width] = this.#ring.shape as [number, number];
    const { sizes, examples } = this.#batches;
    const runs = this.#runs;
    this.#runs = 0;
    const reading = this.#ring.readAll();
    this.#counters.write(Uint32Array.of(0, 0, 0));
    const values = new Float32Array((await reading).buffer);
    return Array.from({ length: runs }, (_, run) =>
      Array.from({ length: this.#ring.replicas }, (_, point) => {
        let [loss, right] = [0, 0];
        sizes.forEach((size, i) => {
          const at = (point * rows + run * sizes.length + i) * width;
          loss += (values[at]! * size) / examples.examples;
          right += width === 2 ? values[at + 1]! : 0;
        });
        return { loss, accuracy: width === 2 ? right / examples.examples : null };
      }),
    );
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
