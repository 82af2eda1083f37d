import { compile } from '../autograd/compile.ts';
import { vjp } from '../autograd/vjp.ts';
import { Arena } from '../gpu/arena.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Program } from '../gpu/program.ts';
import { State } from '../gpu/state.ts';
import { exampleLosses } from '../nn/exampleLosses.ts';
import { forward } from '../nn/forward.ts';
import { advance } from '../ops/advance.ts';
import { fill } from '../ops/fill.ts';
import { pack, unpack } from '../ops/flat.ts';
import { gather } from '../ops/gather.ts';
import { Graph } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { sampleIndices } from '../ops/sampling.ts';
import { store } from '../ops/store.ts';
import type { Point } from './pass.ts';

/**
 * Gradients of mini-batches at one point, of several sizes, drawn with replacement: the n-th draw's examples follow from
 * the seed and n alone, whatever the sizes.
 */
export class GradientDraws {
  readonly #arena: Arena;
  readonly #states: readonly State[];
  readonly #programs: ReadonlyMap<number, Program>;

  private constructor(arena: Arena, states: readonly State[], programs: ReadonlyMap<number, Program>) {
    this.#arena = arena;
    this.#states = states;
    this.#programs = programs;
  }

  /** @param into where each draw's gradient goes, flat [P] */
  static async open(
    gpu: Gpu,
    point: Point,
    {
      batchSizes,
      seed,
      into,
    }: { readonly batchSizes: readonly number[]; readonly seed: number; readonly into: State },
  ): Promise<GradientDraws> {
    const { model, layout, examples, context } = point;
    const counters = new State(gpu, { label: 'draw counters', shape: [3], dtype: 'u32' });
    const seeds = new State(gpu, { label: 'draw seed', shape: [1], dtype: 'u32' });
    seeds.write(Uint32Array.of(seed));
    const arena = new Arena(gpu);
    const programs = new Map<number, Program>();
    for (const batch of batchSizes) {
      const graph = new Graph();
      const sampler = { mode: 'iid' as const, examples: examples.examples, counters, seeds };
      const [x, targets] = gather(examples, sampleIndices(graph, sampler, batch));
      const parameters = unpack(read(graph, point.theta), layout);
      const losses = exampleLosses(model.loss, forward(model, parameters, x, context), targets);
      const { of } = vjp([[losses, fill(graph, 1 / batch, [batch])]], parameters);
      const gradients = of.map((g, i) => g ?? fill(graph, 0, parameters[i]!.shape));
      store(into, pack(layout, gradients));
      advance(graph, counters, batch, examples.examples);
      programs.set(batch, await compile(gpu, graph, { label: `gradient B=${batch}`, replicas: 1, arena }));
    }
    return new GradientDraws(arena, [counters, seeds], programs);
  }

  /** Submits the next draw; nothing is waited for. */
  draw(batchSize: number): void {
    this.#programs.get(batchSize)!.run();
  }

  dispose(): void {
    for (const program of this.#programs.values()) program.dispose();
    this.#arena.dispose();
    for (const state of this.#states) state.dispose();
  }
}
