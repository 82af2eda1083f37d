import { compile } from '../../autograd/compile.ts';
import { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State, type StateOptions } from '../../gpu/state.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { combine } from '../../ops/combine.ts';
import { type FlatLayout, flatLayout, part, unpack } from '../../ops/flat.ts';
import { Graph, type Tensor } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { reshape } from '../../ops/reshape.ts';
import { store } from '../../ops/state/store.ts';

/** What a span is of. */
export interface SpanOptions {
  readonly layout: FlatLayout;
  /** θ₀, flat [P]; null for 0. */
  readonly origin: State | null;
  /** K, how many vectors. */
  readonly directions: number;
  /** Points at once: the replicas of all that is computed at them. */
  readonly points: number;
  /** Leading tensors of the layout that no program takes at the points: they are not placed. */
  readonly unplaced?: number;
  /** Running statistics, flat, a vector for each direction: the points have the same combination of them. */
  readonly statistics?: readonly Float32Array[] | undefined;
}

/**
 * Points θ_p = θ₀ + Σ_k c_pk b_k of an affine span of few vectors, as replicas of one program. The host writes coefficients
 * only; a program forms what the model takes of θ_p, once for each set of them.
 */
export class AffineSpan {
  readonly layout: FlatLayout;
  readonly origin: State | null;
  readonly points: number;
  /**
   * b_k: K·P numbers. Those of the tensors that are not placed come first, of all vectors, then those of the others: one vector
   * lies as it is. Programs may write it.
   */
  readonly directions: State;
  /** K, how many vectors. */
  readonly count: number;
  /** c_p, [K] at each point. */
  readonly coefficients: State;
  /** Running statistics at each point, flat; null without. */
  readonly statistics: State | null;
  readonly #gpu: Gpu;
  readonly #scope: Scope;
  /** Leading tensors that are not placed, and how long they are. */
  readonly #unplaced: number;
  readonly #head: number;
  readonly #placed: { readonly layout: FlatLayout; readonly state: State } | null;
  readonly #program: Program | null;
  #placedAt = '';

  private constructor(
    gpu: Gpu,
    scope: Scope,
    options: SpanOptions,
    parts: {
      directions: State;
      coefficients: State;
      statistics: State | null;
      placed: { readonly layout: FlatLayout; readonly state: State } | null;
      program: Program | null;
    },
  ) {
    this.#gpu = gpu;
    this.#scope = scope;
    this.layout = options.layout;
    this.origin = options.origin;
    this.count = options.directions;
    this.points = options.points;
    this.#unplaced = options.unplaced ?? 0;
    this.#head = headLength(options);
    this.directions = parts.directions;
    this.coefficients = parts.coefficients;
    this.statistics = parts.statistics;
    this.#placed = parts.placed;
    this.#program = parts.program;
  }

  /** @throws LimitError if the points pass the adapter's largest storage binding */
  static open(gpu: Gpu, options: SpanOptions): Promise<AffineSpan> {
    return Scope.make(async (scope) => {
      const { layout, origin, directions: count, points, unplaced = 0, statistics: given } = options;
      const state = (of: StateOptions): State => scope.own(new State(gpu, of));
      const directions = state({ label: 'directions', shape: [count * layout.length] });
      const coefficients = state({ label: 'coefficients', shape: [count], replicas: points });
      const placedLayout = flatLayout(layout.entries.slice(unplaced));
      const placed =
        placedLayout.length === 0
          ? null
          : {
              layout: placedLayout,
              state: state({
                label: 'parameters of the points',
                shape: [placedLayout.length],
                replicas: points,
              }),
            };
      const graph = new Graph();
      const c = read(graph, coefficients);
      if (placed) {
        const tail = (of: Tensor, rows: number): Tensor =>
          tailOf(of, rows, headLength(options), placedLayout);
        const start = origin ? tail(read(graph, origin), 1) : null;
        const rows = reshape(tail(read(graph, directions), count), [count, placedLayout.length]);
        store(placed.state, combine(start && reshape(start, [placedLayout.length]), rows, c));
      }
      let statistics: State | null = null;
      if (given) {
        const { length } = given[0]!;
        const rows = state({ label: 'running statistics', shape: [count, length] });
        given.forEach((values, k) => {
          rows.write(values, { at: k * length });
        });
        statistics = state({ label: 'running statistics of the points', shape: [length], replicas: points });
        store(statistics, combine(null, read(graph, rows), c));
      }
      const arena = scope.own(new Arena(gpu));
      const places = placed !== null || statistics !== null;
      const made = places ? compile(gpu, graph, { label: 'points', replicas: points, arena }) : null;
      const program = made && scope.own(await made);
      return new AffineSpan(gpu, scope, options, { directions, coefficients, statistics, placed, program });
    });
  }

  /** Writes b_k from the host, flat [P]. */
  setDirection(k: number, values: Float32Array): void {
    const [head, tail] = [this.#head, this.layout.length - this.#head];
    this.directions.write(values.subarray(0, head), { at: k * head });
    this.directions.write(values.subarray(head), { at: this.count * head + k * tail });
  }

  /**
   * Moves to other points, by the coefficients of each.
   * @throws Error for another number of points or coefficients: a fault of the program
   */
  setCoefficients(rows: readonly (readonly number[])[]): void {
    if (rows.length !== this.points || rows.some(({ length }) => length !== this.count)) {
      throw new Error(`${rows.length} rows of coefficients, expected ${this.points} of ${this.count}`);
    }
    this.coefficients.writeAll(Float32Array.from(rows.flat()));
  }

  /** The tensors of θ₀ in a trace, by the layout. @throws if there is none */
  originTensors(graph: Graph): Tensor[] {
    return unpack(read(graph, this.origin!), this.layout);
  }

  /** The tensors of b_k in a trace, by the layout. */
  directionTensors(graph: Graph, k: number): Tensor[] {
    const { entries, length } = this.layout;
    const [head, tail] = [this.#head, length - this.#head];
    const lying = entries.map((entry) => ({
      ...entry,
      offset:
        entry.offset < head ? k * head + entry.offset : (this.count - 1) * head + k * tail + entry.offset,
    }));
    return unpack(read(graph, this.directions), { entries: lying, length: this.count * length });
  }

  /** The tensors of the points in a trace, from one of the layout on. @throws if it is not placed */
  pointTensors(graph: Graph, from: number): Tensor[] {
    if (from < this.#unplaced)
      throw new Error(`tensor ${from} of the points, placed from ${this.#unplaced} on`);
    if (!this.#placed) return [];
    return unpack(read(graph, this.#placed.state), this.#placed.layout).slice(from - this.#unplaced);
  }

  /** Forms the points, where vectors or coefficients have changed. Does not wait. */
  async place(): Promise<void> {
    const at = [this.origin, this.directions, this.coefficients].map((state) => state?.version).join();
    if (!this.#program || at === this.#placedAt) return;
    this.#placedAt = at;
    await submitAhead(this.#gpu, [this.#program]);
  }

  dispose(): void {
    this.#scope.dispose();
  }
}

/** Numbers of a flat vector before the first tensor that is placed. */
function headLength({ layout, unplaced = 0 }: SpanOptions): number {
  return layout.entries[unplaced]?.offset ?? layout.length;
}

/** What of so many vectors belongs to tensors that are placed: [rows·tail], behind the heads of all of them. */
function tailOf(flat: Tensor, rows: number, head: number, { length }: FlatLayout): Tensor {
  const offset = rows * head;
  const entry = { name: 'placed', shape: [rows * length], offset, elements: rows * length };
  return part(flat, { entries: [entry], length: offset + rows * length }, 0);
}
