import { compile } from '../../autograd/compile.ts';
import { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { dot } from '../../ops/dot.ts';
import { Graph, type Tensor } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import type { RandomStream } from '../../ops/randomSigns.ts';
import { reshape } from '../../ops/reshape.ts';
import { advance } from '../../ops/state/advance.ts';
import { append } from '../../ops/state/append.ts';
import type { LinearOperator } from './operator.ts';

/** More than any cursor of a measurement comes to. */
export const MANY = 2 ** 30;

/** Small programs around an operator, and the numbers that they leave on the device. */
export class Samples {
  /** Step, epoch and offset; the step tells how many numbers were put down. */
  readonly counters: State;
  readonly #gpu: Gpu;
  readonly #values: State;
  readonly seeds: State;
  readonly #arena: Arena;
  readonly #scope: Scope;

  /** @param most numbers that are put down */
  constructor(gpu: Gpu, most: number) {
    this.#gpu = gpu;
    const parts = Scope.makeNow((scope) => ({
      scope,
      arena: scope.own(new Arena(gpu)),
      values: scope.own(new State(gpu, { label: 'samples', shape: [most] })),
      counters: scope.own(new State(gpu, { label: 'sample counters', shape: [3], dtype: 'u32' })),
      seeds: scope.own(new State(gpu, { label: 'seed', shape: [1], dtype: 'u32' })),
    }));
    this.#scope = parts.scope;
    this.#arena = parts.arena;
    this.#values = parts.values;
    this.counters = parts.counters;
    this.seeds = parts.seeds;
  }

  /** Frees something with the samples. */
  own<T extends { dispose(): void }>(made: T): T {
    return this.#scope.own(made);
  }

  /** Random numbers by the seed of `begin` and the numbers put down so far. */
  stream(purpose: number): RandomStream {
    return { purpose, seeds: this.seeds, counters: this.counters };
  }

  /** Forgets what was put down; draws by another seed. */
  begin(seed: number): void {
    this.seeds.write(Uint32Array.of(seed));
    this.counters.write(Uint32Array.of(0, 0, 0));
  }

  async program(label: string, trace: (graph: Graph) => void): Promise<Program> {
    const graph = new Graph();
    trace(graph);
    return this.own(await compile(this.#gpu, graph, { label, replicas: 1, arena: this.#arena }));
  }

  /** Puts a scalar down. */
  put(graph: Graph, value: Tensor): void {
    append(this.#values, reshape(value, [1]), this.counters);
    advance(graph, this.counters, 1, MANY);
  }

  /** A program that puts down dᵀAd for each direction of an operator and its product. */
  quadraticForms({ directions, products }: LinearOperator): Promise<Program> {
    return this.program('quadratic forms', (graph) => {
      directions.forEach((direction, i) => {
        this.put(graph, dot(read(graph, direction), read(graph, products[i]!)));
      });
    });
  }

  /** The first `count` numbers. Waits for all that was submitted. */
  async read(count: number): Promise<number[]> {
    return [...(await this.#values.read()).subarray(0, count)];
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
