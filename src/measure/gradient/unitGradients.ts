import { compile } from '../../autograd/compile.ts';
import { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { Graph } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { sampleIndices } from '../../ops/state/sampling.ts';
import { store } from '../../ops/state/store.ts';
import { subtract } from '../../ops/subtract.ts';
import { type Point, unitsOf } from '../pass.ts';
import { pointBatch } from '../pointBatch.ts';

/** Where the gradients go. */
export interface UnitGradientsOptions {
  /** Flat [P], a replica for each of the units that go side by side. */
  readonly into: State;
  /** Flat [P]: what is taken from each of them. */
  readonly less: Float32Array;
}

/** gᵤ of several consecutive units at once, examples or ghost batches: each is a small batch of its own, a replica of one program. */
export class UnitGradients {
  readonly #gpu: Gpu;
  readonly #scope: Scope;
  readonly #into: State;
  readonly #units: number;
  /** Examples of a unit. */
  readonly #size: number;
  /** Where each unit begins. */
  readonly #counters: State;
  readonly #whole: Program;
  /** Of a last unit that is shorter, and its gradient. */
  readonly #short: { readonly program: Program; readonly gradient: State } | null;

  private constructor(
    gpu: Gpu,
    scope: Scope,
    into: State,
    parts: {
      readonly units: number;
      readonly size: number;
      readonly counters: State;
      readonly whole: Program;
      readonly short: { readonly program: Program; readonly gradient: State } | null;
    },
  ) {
    this.#gpu = gpu;
    this.#scope = scope;
    this.#into = into;
    this.#units = parts.units;
    this.#size = parts.size;
    this.#counters = parts.counters;
    this.#whole = parts.whole;
    this.#short = parts.short;
  }

  static open(gpu: Gpu, point: Point, { into, less }: UnitGradientsOptions): Promise<UnitGradients> {
    return Scope.make(async (scope) => {
      const { examples } = point.examples;
      const units = unitsOf(point);
      const size = point.ghostBatch ?? 1;
      const flat = (label: string): State =>
        scope.own(new State(gpu, { label, shape: [point.layout.length] }));
      const cursors = (label: string, replicas?: number): State =>
        scope.own(new State(gpu, { label, shape: [3], dtype: 'u32', replicas }));
      const centre = flat('taken from gradients');
      centre.write(less);
      const arena = scope.own(new Arena(gpu));
      const programFor = async (batchSize: number, counters: State, to: State): Promise<Program> => {
        const graph = new Graph();
        const sampling = { mode: 'sequential' as const, examples, counters };
        const batch = pointBatch(graph, point, sampleIndices(graph, sampling, batchSize));
        store(to, subtract(batch.gradient(batch.meanWeights), read(graph, centre)));
        const options = { label: `single gradients B=${batchSize}`, replicas: into.replicas, arena };
        return scope.own(await compile(gpu, graph, options));
      };
      const counters = cursors('first examples of units', into.replicas);
      const whole = await programFor(Math.min(size, examples), counters, into);
      const rest = examples > size ? examples % size : 0;
      if (rest === 0)
        return new UnitGradients(gpu, scope, into, { units, size, counters, whole, short: null });
      const last = cursors('first example of the last unit');
      last.write(Uint32Array.of(0, 0, examples - rest));
      const gradient = flat('gradient of the last unit');
      const short = { program: await programFor(rest, last, gradient), gradient };
      return new UnitGradients(gpu, scope, into, { units, size, counters, whole, short });
    });
  }

  /** Gradients of the units from `first` on, as many as there are replicas; past the last unit it is that one again. Does not wait. */
  async run(first: number): Promise<void> {
    const { replicas, replicaStride } = this.#into;
    const of = (replica: number): number => Math.min(first + replica, this.#units - 1);
    const cursors = Array.from({ length: replicas }, (_, r) => [0, 0, of(r) * this.#size]);
    this.#counters.writeAll(Uint32Array.from(cursors.flat()));
    const place = this.#units - 1 - first;
    const short = place < replicas ? this.#short : null;
    await submitAhead(this.#gpu, short ? [this.#whole, short.program] : [this.#whole]);
    if (short) this.#into.copyFrom(short.gradient, { at: place * replicaStride });
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
