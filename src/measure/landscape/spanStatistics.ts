import { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import type { State } from '../../gpu/state.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { statisticsPass } from '../evaluation/statisticsPass.ts';
import type { SpanBatches } from './spanBatches.ts';

/**
 * BatchNorm's running statistics at every point of a span, by one pass over a data set in file order (`statisticsPass`).
 */
export class SpanStatistics {
  readonly #gpu: Gpu;
  readonly #scope: Scope;
  readonly #batches: SpanBatches;
  readonly #buffers: State;
  readonly #programs: readonly Program[];

  private constructor(
    gpu: Gpu,
    scope: Scope,
    batches: SpanBatches,
    buffers: State,
    programs: readonly Program[],
  ) {
    this.#gpu = gpu;
    this.#scope = scope;
    this.#batches = batches;
    this.#buffers = buffers;
    this.#programs = programs;
  }

  /** @param buffers the running statistics of each point, flat by bufferLayout */
  static open(gpu: Gpu, batches: SpanBatches, buffers: State): Promise<SpanStatistics> {
    return Scope.make(async (scope) => {
      const { examples, sizes, span } = batches;
      const programs = await statisticsPass(gpu, scope, {
        sizes,
        examples: examples.examples,
        replicas: span.points,
        arena: scope.own(new Arena(gpu)),
        label: 'statistics of the points',
        forward(graph, batch, counters) {
          batches.outputs(graph, batch, counters, { mode: 'train', buffers, cumulative: true });
        },
      });
      return new SpanStatistics(gpu, scope, batches, buffers, programs);
    });
  }

  /** Recomputes them at the points as vectors and coefficients stand on the device. Does not wait. */
  async run(): Promise<void> {
    await this.#batches.prepare();
    // The first batch's weigh 1, and what was there before 0: zeros, not a mean of 0 and a variance of 1, since 0 · x may be no zero.
    this.#buffers.clear();
    for (const program of this.#programs) await submitAhead(this.#gpu, [program]);
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
