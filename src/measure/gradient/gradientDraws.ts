import { compile } from '../../autograd/compile.ts';
import { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { Graph } from '../../ops/graph.ts';
import { advance } from '../../ops/state/advance.ts';
import { sampleIndices } from '../../ops/state/sampling.ts';
import { store } from '../../ops/state/store.ts';
import { type Point, requireOneModel } from '../pass.ts';
import { pointBatch } from '../pointBatch.ts';

/**
 * Gradients of mini-batches at one point, of several sizes, drawn with replacement: the n-th draw's examples follow from
 * the seed and n alone, whatever the sizes.
 */
export class GradientDraws {
  readonly #scope: Scope;
  readonly #programs: ReadonlyMap<number, Program>;

  private constructor(scope: Scope, programs: ReadonlyMap<number, Program>) {
    this.#scope = scope;
    this.#programs = programs;
  }

  /**
   * @param into where each draw's gradient goes, flat [P]
   * @throws RangeError for parameters of several replicas
   */
  static open(
    gpu: Gpu,
    point: Point,
    {
      batchSizes,
      seed,
      into,
    }: { readonly batchSizes: readonly number[]; readonly seed: number; readonly into: State },
  ): Promise<GradientDraws> {
    const { examples } = point;
    return Scope.make(async (scope) => {
      requireOneModel('gradients of draws', point);
      const words = (label: string, count: number): State =>
        scope.own(new State(gpu, { label, shape: [count], dtype: 'u32' }));
      const counters = words('draw counters', 3);
      const seeds = words('draw seed', 1);
      seeds.write(Uint32Array.of(seed));
      const arena = scope.own(new Arena(gpu));
      const programs = new Map<number, Program>();
      for (const batch of batchSizes) {
        const graph = new Graph();
        const sampler = { mode: 'iid' as const, examples: examples.examples, counters, seeds };
        const drawn = pointBatch(graph, point, sampleIndices(graph, sampler, batch));
        store(into, drawn.gradient(drawn.meanWeights));
        advance(graph, counters, batch, examples.examples);
        const made = compile(gpu, graph, { label: `gradient B=${batch}`, replicas: 1, arena });
        programs.set(batch, scope.own(await made));
      }
      return new GradientDraws(scope, programs);
    });
  }

  /** Submits the next draw; nothing is waited for. */
  draw(batchSize: number): void {
    this.#programs.get(batchSize)!.run();
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
