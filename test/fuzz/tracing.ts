import type { Gpu } from '../../src/gpu/device.ts';
import { State } from '../../src/gpu/state.ts';
import { Graph, sameShape, size, type Tensor } from '../../src/ops/graph.ts';
import { broadcast, fill, read, reshape } from '../../src/ops/index.ts';
import { argumentAsCode, eachTensor, type Names, testAsCode } from './asCode.ts';
import type { Draw } from './draw.ts';
import { stateOf } from './staleReads.ts';
import { type Kind, values } from './values.ts';

/** A state of a trace, and what it holds before the first run, one array a replica. */
export interface Initial {
  readonly state: State;
  readonly content: readonly (Float32Array | Uint32Array)[];
}

export interface StateRequest {
  readonly shape: readonly number[];
  readonly dtype?: 'f32' | 'u32';
  readonly replicated: boolean;
  readonly kind: Kind;
}

/** Extents that tensors are drawn with: small and odd, and now and then the edge of a tile. */
const EXTENTS = [1, 2, 3, 4, 5, 3, 2, 7, 33];
const CONSTANTS = [0, 1, -1, 0.5, 2, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
/** More elements than this no tensor of a step is drawn with. */
const MOST = 600;
const MOST_NODES = 500;

/** A trace under construction: what it holds, and the code that makes it. */
export class Tracing {
  readonly graph = new Graph();
  readonly replicas: number;
  readonly states: Initial[] = [];
  readonly #gpu: Gpu;
  readonly #names: Names = new Map();
  readonly #lines: string[] = [];
  readonly #pool: Tensor[] = [];
  /** Writes of each state so far, and how many there were when a tensor was read. */
  readonly #writes = new Map<State, number>();
  readonly #readAt = new Map<Tensor, number>();
  #results = 0;

  constructor(gpu: Gpu, replicas: number) {
    this.#gpu = gpu;
    this.replicas = replicas;
  }

  get full(): boolean {
    return this.graph.nodes.length > MOST_NODES;
  }

  /** Makes a state, as the printed code will. */
  state({ shape, dtype = 'f32', replicated, kind }: StateRequest, replicas = this.replicas): State {
    const name = `s${this.states.length}`;
    const label = `${name} [${shape.join(', ')}]`;
    const state = new State(this.#gpu, { label, shape, dtype, replicas: replicated ? replicas : undefined });
    const seed = 16 * this.states.length;
    const content = Array.from({ length: state.replicas }, (_, r) => values(kind, state.elements, seed + r));
    this.states.push({ state, content });
    this.#names.set(state, name);
    const options = { label, shape, dtype, ...(replicated ? { replicas } : {}) };
    this.#lines.push(
      `const ${name} = new State(gpu, ${argumentAsCode(options, this.#names)});`,
      ...content.map(
        (_, r) =>
          `${name}.write(values(${argumentAsCode(kind, this.#names)}, ${state.elements}, ${seed + r}), { replica: ${r} });`,
      ),
    );
    return state;
  }

  /** A place in a stream of examples: step, epoch, and an offset below the examples. */
  counters(draw: Draw, examples: number, replicated: boolean): State {
    const list = [draw.below(3), draw.below(2), draw.below(examples)];
    return this.state({ shape: [3], dtype: 'u32', replicated, kind: { list } });
  }

  seeds(draw: Draw): State {
    return this.state({ shape: [1], dtype: 'u32', replicated: this.someReplicated(draw), kind: 'words' });
  }

  /** Calls a function of the library, as the printed code will; its tensors can be operands of later calls. */
  call<A extends readonly unknown[], T>(f: (...args: A) => T, ...args: A): T {
    const name = `t${this.#results++}`;
    // A bundler numbers names that two modules have.
    const code = `${f.name.replace(/\$\d+$/, '')}(${args.map((arg) => argumentAsCode(arg, this.#names)).join(', ')});`;
    const at = this.#lines.length;
    this.#lines.push(code);
    let result: T;
    try {
      result = f(...args);
    } catch (error) {
      this.#lines[at] = `expect(() => ${code.slice(0, -1)}).toThrow();`;
      throw error;
    }
    if (result !== undefined) this.#lines[at] = `const ${name} = ${code}`;
    if (typeof result === 'object' && result !== null) this.#names.set(result, name);
    eachTensor(result, name, (tensor, own) => {
      if (this.#pool.includes(tensor)) return;
      this.#names.set(tensor, own);
      this.#pool.push(tensor);
      const state = stateOf(tensor);
      if (state) this.#readAt.set(tensor, this.#writes.get(state) ?? 0);
    });
    return result;
  }

  /** To be told of each state that a call writes. */
  wrote(...states: readonly State[]): void {
    for (const state of states) this.#writes.set(state, (this.#writes.get(state) ?? 0) + 1);
  }

  isStale(tensor: Tensor): boolean {
    const state = stateOf(tensor);
    return state !== null && this.#readAt.get(tensor) !== (this.#writes.get(state) ?? 0);
  }

  /** Tensors so far, the newest first. */
  tensors(accept: (tensor: Tensor) => boolean = () => true): Tensor[] {
    return this.#pool.filter((tensor) => !this.isStale(tensor) && accept(tensor)).reverse();
  }

  stale(): Tensor[] {
    return this.#pool.filter((tensor) => this.isStale(tensor));
  }

  someReplicated(draw: Draw): boolean {
    return draw.chance(50);
  }

  shape(draw: Draw, ranks: readonly number[] = [2, 1, 0, 3]): number[] {
    const shape = Array.from({ length: draw.of(ranks) }, () => draw.of(EXTENTS));
    while (size(shape) > MOST) shape[shape.indexOf(Math.max(...shape))] = 2;
    return shape;
  }

  extent(draw: Draw): number {
    return draw.of(EXTENTS);
  }

  /** A float tensor, mostly one that is there. */
  any(draw: Draw, accept: (tensor: Tensor) => boolean = () => true): Tensor | null {
    const known = this.tensors((t) => t.dtype === 'f32' && size(t.shape) <= MOST && accept(t));
    return known.length > 0 && !draw.chance(15) ? known[draw.below(Math.min(known.length, 8))]! : null;
  }

  some(draw: Draw, ranks?: readonly number[]): Tensor {
    const accept = (t: Tensor): boolean => !ranks || ranks.includes(t.shape.length);
    return this.any(draw, accept) ?? this.leaf(draw, this.shape(draw, ranks));
  }

  /** A float tensor of a shape: one that is there, perhaps under another shape, or a new one. */
  like(draw: Draw, shape: readonly number[]): Tensor {
    const found = this.any(draw, (t) => size(t.shape) === size(shape));
    if (!found) return this.leaf(draw, shape);
    return sameShape(found.shape, shape) ? found : this.call(reshape, found, shape);
  }

  constant(draw: Draw): number {
    const all = [...CONSTANTS, Number.NaN];
    // Those that are finite and no trouble come first and oftener.
    return draw.of([...CONSTANTS.slice(0, 5), ...all]);
  }

  /** A tensor that depends on no other: of a state, a constant, or a number repeated. */
  leaf(draw: Draw, shape: readonly number[]): Tensor {
    const way = draw.below(10);
    if (way === 9) return this.call(fill, this.graph, this.constant(draw), shape);
    if (way === 8 && shape.length > 0) {
      const last = shape.length - 1;
      const row = this.leaf(draw, shape.slice(0, last));
      return this.call(broadcast, row, shape, { from: last, to: last + 1 });
    }
    return this.call(read, this.graph, this.readable(draw, shape));
  }

  /** A float state of a shape: one that is there, or a new one. */
  readable(draw: Draw, shape: readonly number[]): State {
    const known = this.states.filter(({ state }) => state.dtype === 'f32' && sameShape(state.shape, shape));
    if (known.length > 0 && draw.chance(60)) return draw.of(known).state;
    const kind = draw.chance(4) ? 'wild' : 'signed';
    return this.state({ shape, replicated: this.someReplicated(draw), kind });
  }

  asCode(runs: number, note: string): string {
    return testAsCode(this.#lines, this.replicas, runs, note);
  }

  dispose(): void {
    for (const { state } of this.states) state.dispose();
  }
}
