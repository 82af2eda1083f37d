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

/**
 * Small programs over vectors that go side by side, a replica each, and the numbers that they leave on the device. Vectors are numbered
 * through: in a round of `width` each replica has the next one, and what is drawn for a vector depends on its number, not on the width.
 */
export class Samples {
  /** Step and offset: the number of the replica's vector. */
  readonly counters: State;
  readonly seeds: State;
  readonly width: number;
  readonly #gpu: Gpu;
  /** [rounds] */
  readonly #values: State;
  /** Their offset is the round. */
  readonly #rounds: State;
  readonly #arena: Arena;
  readonly #scope: Scope;

  /**
   * @param width vectors side by side
   * @param rounds that are put down, at the most
   */
  constructor(gpu: Gpu, { width, rounds }: { readonly width: number; readonly rounds: number }) {
    this.#gpu = gpu;
    this.width = width;
    const parts = Scope.makeNow((scope) => {
      const words = (label: string, shape: readonly number[], replicas?: number): State =>
        scope.own(new State(gpu, { label, shape, dtype: 'u32', replicas }));
      return {
        scope,
        arena: scope.own(new Arena(gpu)),
        values: scope.own(new State(gpu, { label: 'samples', shape: [rounds], replicas: width })),
        counters: words('sample counters', [3], width),
        rounds: words('sample rounds', [3]),
        seeds: words('seed', [1]),
      };
    });
    this.#scope = parts.scope;
    this.#arena = parts.arena;
    this.#values = parts.values;
    this.#rounds = parts.rounds;
    this.counters = parts.counters;
    this.seeds = parts.seeds;
    this.number(0);
  }

  /** Frees something with the samples. */
  own<T extends { dispose(): void }>(made: T): T {
    return this.#scope.own(made);
  }

  /** Random numbers by the seed of `begin` and each vector's number. */
  stream(purpose: number): RandomStream {
    return { purpose, seeds: this.seeds, counters: this.counters };
  }

  /** Forgets what was put down; draws by another seed. */
  begin(seed: number): void {
    this.seeds.write(Uint32Array.of(seed));
    this.#rounds.clear();
    this.number(0);
  }

  /** The vectors of the next round are numbered from `first` on. */
  number(first: number): void {
    const cursors = Array.from({ length: this.width }, (_, r) => [first + r, 0, first + r]);
    this.counters.writeAll(Uint32Array.from(cursors.flat()));
  }

  async program(label: string, trace: (graph: Graph) => void): Promise<Program> {
    const graph = new Graph();
    trace(graph);
    const options = { label, replicas: this.width, arena: this.#arena };
    return this.own(await compile(this.#gpu, graph, options));
  }

  /** Puts scalars of each vector down, each in a round of its own, and goes on to the next vectors. */
  put(graph: Graph, ...values: readonly Tensor[]): void {
    for (const value of values) {
      append(this.#values, reshape(value, [1]), this.#rounds);
      advance(graph, this.#rounds, 1, MANY);
    }
    this.next(graph);
  }

  /** Goes on to the next vectors. */
  next(graph: Graph): void {
    advance(graph, this.counters, this.width, MANY, this.width);
  }

  /** A program that puts down dᵀAd for each direction of an operator and its product. */
  quadraticForms({ directions, products }: LinearOperator): Promise<Program> {
    return this.program('quadratic forms', (graph) => {
      this.put(graph, dot(read(graph, directions), read(graph, products)));
    });
  }

  /** The first `count` numbers, from a round on: in the vectors' order. Waits for all that was submitted. */
  async read(count: number, from = 0): Promise<number[]> {
    return (await this.readParts(count, 1, from))[0]!;
  }

  /**
   * The same where several scalars were put down of each vector: one reading back for all.
   * @returns [parts] of [count]
   */
  async readParts(count: number, parts: number, from = 0): Promise<number[][]> {
    const values = new Float32Array((await this.#values.readAll()).buffer);
    const [rounds] = this.#values.shape as [number];
    return Array.from({ length: parts }, (_, part) =>
      Array.from({ length: count }, (_, i) => {
        const round = from + part + parts * Math.floor(i / this.width);
        return values[(i % this.width) * rounds + round]!;
      }),
    );
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
