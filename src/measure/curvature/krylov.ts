import { compile } from '../../autograd/compile.ts';
import { Arena } from '../../gpu/arena.ts';
import { type Gpu, largestBinding } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { add } from '../../ops/add.ts';
import { axpy, combine, scaleToUnit } from '../../ops/combine.ts';
import { normSq } from '../../ops/dot.ts';
import { dots } from '../../ops/dots.ts';
import { dimension, type FlatLayout } from '../../ops/flat.ts';
import { Graph, type Tensor } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { randomSigns } from '../../ops/randomSigns.ts';
import { reshape } from '../../ops/reshape.ts';
import { keepOrRestart, type MaskedStream, randomVector } from '../../ops/restart.ts';
import { advance } from '../../ops/state/advance.ts';
import { append } from '../../ops/state/append.ts';
import { store } from '../../ops/state/store.ts';
import { take } from '../../ops/state/take.ts';
import { purpose } from '../../random/purpose.ts';
import { type Eigen, symmetricEigen } from '../statistics/symmetricEigen.ts';
import type { LinearOperator } from './operator.ts';
import { parameterMask } from './parameterMask.ts';
import { MANY } from './samples.ts';

/** Rows of the first block of basis vectors; each further one is twice as long, so that a step reads few unused rows. */
const FIRST_BLOCK = 32;

/** Basis vectors [rows, P] that one binding holds, and what belongs to them. */
interface Block {
  readonly start: number;
  readonly rows: number;
  /** Orthonormal; rows that are not there yet are zero. */
  readonly vectors: State;
  /** [capacity, rows]: row j is V·Av_j. */
  readonly projections: State;
  /** [capacity, rows]: combinations of the vectors that are wanted. */
  readonly wanted: State;
}

/** Ritz pairs of what the basis spans. */
export interface Ritz extends Eigen {
  /** Bound of |Av − λv| for each, up to the rounding of products. */
  readonly bounds: Float64Array;
}

/** What the host has of a basis. */
export interface Projection {
  /** VᵀAV, its lower triangle: a row a vector. */
  readonly matrix: readonly Float64Array[];
  /** Norms of what is left of A times each vector, without what lies in the basis then. */
  readonly norms: Float64Array;
}

/**
 * Ritz pairs of the basis, or of its vectors from `from` on alone: A compressed onto what is orthogonal to those before.
 * Coefficients are by the vectors that are taken.
 */
export function ritzPairs({ matrix, norms }: Projection, from = 0): Ritz {
  const eigen = symmetricEigen(matrix.slice(from).map((row) => row.subarray(from)));
  const bounds = eigen.vectors.map((s) => norms.at(-1)! * Math.abs(s.at(-1)!));
  return { ...eigen, bounds: Float64Array.from(bounds) };
}

/**
 * An orthonormal basis that grows by Lanczos's process with full reorthogonalisation: v_{j+1} is A·v_j less what lies in the
 * basis, which is taken out twice (classical Gram-Schmidt; Giraud et al. 2005: twice is enough), and a third time where the
 * basis is to have all dimensions.
 * Where nothing is left the space is invariant, and a random vector, orthogonal to it, goes on. Vectors, products and
 * coefficients stay on the device; the host has VᵀAV when it asks for it.
 *
 * An operator of several directions has as many bases grow side by side, a replica each, none of which depends on the others.
 *
 * Memory: `capacity` vectors a basis. Cost of a step: one product, and 8·P·(rows so far) flops, a basis.
 */
export class Krylov {
  /** Vectors in the basis; the product of each is known. */
  rows = 0;
  /** Products made so far, of all bases. */
  products = 0;
  readonly capacity: number;
  /** The basis is to have all dimensions. */
  readonly #fills: boolean;
  readonly #gpu: Gpu;
  readonly #operator: LinearOperator;
  /** Bases side by side. */
  readonly #width: number;
  readonly #arena: Arena;
  readonly #blocks: readonly Block[];
  /** Their step counts products, for random vectors; their offset is the row that the next step fills. A basis has its own. */
  readonly #rowCounters: State;
  /** Their offset is the place of the next vector in its block. */
  readonly #slotCounters: State;
  /** Their offset is the combination that is made next. */
  readonly #wantedCounters: State;
  /** Squared norms of what was left of A·v_j, [capacity]. */
  readonly #betas: State;
  readonly #values: State;
  readonly #residuals: State;
  readonly #seeds: State;
  readonly #stream: MaskedStream;
  readonly #scope: Scope;
  readonly #programs = new Map<string, Promise<Program>>();
  /** Rows 0 … locked − 1 are Ritz vectors of these values. */
  #locked = new Float64Array(0);

  /**
   * @param options.capacity the most vectors that are kept; P or fewer
   */
  constructor(
    gpu: Gpu,
    operator: LinearOperator,
    { capacity, seed }: { readonly capacity: number; readonly seed: number },
  ) {
    this.#gpu = gpu;
    this.#operator = operator;
    this.capacity = capacity;
    this.#fills = capacity === dimension(operator.layout);
    const { length } = operator.layout;
    const { replicas } = operator.directions;
    this.#width = replicas;
    const made = Scope.makeNow((scope) => {
      const state = (label: string, ...shape: number[]): State =>
        scope.own(new State(gpu, { label: `Krylov ${label}`, shape, replicas }));
      const words = (label: string, count: number, own?: number): State =>
        scope.own(new State(gpu, { label: `Krylov ${label}`, shape: [count], dtype: 'u32', replicas: own }));
      const blocks = blockRows(gpu, length, capacity).map(
        ({ start, rows }): Block => ({
          start,
          rows,
          vectors: state(`vectors ${start}`, rows, length),
          projections: state(`projections ${start}`, capacity, rows),
          wanted: state(`combinations ${start}`, capacity, rows),
        }),
      );
      const counters = {
        rows: words('rows', 3, replicas),
        slots: words('slots', 3),
        wanted: words('combination', 3),
      };
      const values = {
        betas: state('norms', capacity),
        values: state('values', capacity),
        residuals: state('residuals', capacity),
      };
      const mask = scope.own(parameterMask(gpu, operator.layout));
      return {
        scope,
        arena: scope.own(new Arena(gpu)),
        blocks,
        counters,
        ...values,
        seeds: words('seed', 1),
        mask,
      };
    });
    this.#scope = made.scope;
    this.#arena = made.arena;
    this.#blocks = made.blocks;
    this.#rowCounters = made.counters.rows;
    this.#slotCounters = made.counters.slots;
    this.#wantedCounters = made.counters.wanted;
    this.#betas = made.betas;
    this.#values = made.values;
    this.#residuals = made.residuals;
    this.#seeds = made.seeds;
    this.#seeds.write(Uint32Array.of(seed));
    const { seeds, mask } = made;
    this.#stream = { purpose: purpose.krylovRestart, seeds, counters: this.#rowCounters, mask };
  }

  /** Takes all vectors out of the basis. */
  clear(): void {
    for (const { vectors } of this.#blocks) vectors.clear();
    this.#locked = new Float64Array(0);
    this.rows = 0;
  }

  /** As new: no vectors, no products, and random vectors by another seed. */
  begin(seed: number): void {
    this.clear();
    this.#seeds.write(Uint32Array.of(seed));
    this.products = 0;
  }

  /**
   * Makes the next vector of each basis: a random one, uniform or of signs, or the operator's direction; less what lies in the
   * basis, normalised. Bases side by side draw as if each had been filled after the one before.
   */
  async start(from: 'random' | 'signs' | 'direction'): Promise<void> {
    const last = Math.max(0, this.#blockOf(this.rows - 1));
    const program = await this.#program(`start ${from} ${last}`, (graph) => {
      const { directions, layout } = this.#operator;
      const stacks = this.#stacks(graph, last);
      const own = { ...this.#stream, purpose: purpose.krylovStart };
      const given = {
        random: () => randomVector(graph, own),
        signs: () => randomSigns(graph, own, layout.length),
        direction: () => scaleToUnit(read(graph, directions)),
      }[from]();
      store(directions, scaleToUnit(orthogonalise(orthogonalise(given, stacks), stacks)));
    });
    const cursors = Array.from({ length: this.#width }, (_, basis) => {
      return [this.products + basis * this.capacity, 0, this.rows];
    });
    this.#rowCounters.writeAll(Uint32Array.from(cursors.flat()));
    const { start, rows } = this.#blocks[this.#blockOf(this.rows)]!;
    this.#slotCounters.write(Uint32Array.of(0, 0, (this.rows - start) % rows));
    await submitAhead(this.#gpu, [program]);
  }

  /**
   * Grows each basis to `rows` vectors, by a product each; what would come next lies in the operator's directions. Nothing is
   * read back.
   */
  async extend(rows: number): Promise<void> {
    for (; this.rows < rows; this.rows++) {
      const block = this.#blockOf(this.rows);
      const program = await this.#program(`step ${block}`, (graph) => this.#traceStep(graph, block));
      await this.#operator.apply([program]);
      this.products += this.#width;
    }
  }

  #traceStep(graph: Graph, block: number): void {
    const { directions: direction, products: product } = this.#operator;
    const { vectors, rows } = this.#blocks[block]!;
    append(vectors, reshape(read(graph, direction), [1, direction.elements]), this.#slotCounters);
    advance(graph, this.#slotCounters, 1, rows);
    const stacks = this.#stacks(graph, block);
    const w = read(graph, product);
    const inBasis = stacks.map((stack) => dots(stack, w));
    inBasis.forEach((c, b) => {
      append(this.#blocks[b]!.projections, reshape(c, [1, c.shape[0]!]), this.#rowCounters);
    });
    const left = stacks.reduce((rest, stack, b) => combine(rest, stack, inBasis[b]!, -1), w);
    const norm = normSq(left);
    append(this.#betas, reshape(norm, [1]), this.#rowCounters);
    const kept = keepOrRestart(left, normSq(w), norm, this.#stream);
    const once = orthogonalise(kept, stacks);
    // Of a new random vector little is left where the basis has nearly all dimensions.
    store(direction, scaleToUnit(this.#fills ? orthogonalise(once, stacks) : once));
    advance(graph, this.#rowCounters, 1, MANY);
  }

  /** Reads VᵀAV and norms back: waits for what was submitted. Of an operator of one direction, as are Ritz pairs. */
  async project(): Promise<Projection> {
    const [[matrix], squares] = await Promise.all([this.projections(), this.#betas.read()]);
    return { matrix: matrix!, norms: Float64Array.from(squares.subarray(0, this.rows), Math.sqrt) };
  }

  /** Ritz pairs of the basis. Waits for what was submitted. */
  async ritz(): Promise<Ritz> {
    return ritzPairs(await this.project());
  }

  /** VᵀAV of each basis, its lower triangle: a row a vector. */
  async projections(): Promise<Float64Array[][]> {
    const { rows, capacity } = this;
    const used = this.#blocks.filter(({ start }) => start < rows);
    const read = await Promise.all(
      used.map(async ({ projections }) => new Float32Array((await projections.readAll()).buffer)),
    );
    return Array.from({ length: this.#width }, (_, basis) => {
      const matrix = Array.from({ length: rows }, () => new Float64Array(rows));
      used.forEach(({ start, rows: width }, b) => {
        const own = read[b]!.subarray(basis * capacity * width);
        for (let j = Math.max(start, this.#locked.length); j < rows; j++) {
          const from = own.subarray(j * width, j * width + Math.min(width, j + 1 - start));
          matrix[j]!.set(from, start);
        }
      });
      this.#locked.forEach((value, j) => {
        matrix[j]![j] = value;
      });
      return matrix;
    });
  }

  /** Makes some of the Ritz vectors the basis, and nothing else (Wu & Simon 2000). */
  async lock({ values, vectors }: Eigen, which: readonly number[]): Promise<void> {
    const { length } = this.#operator.layout;
    const block = this.#combinations(which.map((i) => vectors[i]!));
    // The target is new each time, and so is the program that writes it.
    await Scope.within(async (scope) => {
      const shape = [which.length, length];
      const target = scope.own(new State(this.#gpu, { label: 'locked vectors', shape, replicas: 1 }));
      const arena = scope.own(new Arena(this.#gpu));
      const graph = new Graph();
      const x = this.#combined(graph, block);
      append(target, reshape(x, [1, length]), this.#wantedCounters);
      advance(graph, this.#wantedCounters, 1, MANY);
      const made = compile(this.#gpu, graph, { label: 'Ritz vectors', replicas: 1, arena });
      const program = scope.own(await made);
      for (const _ of which) await submitAhead(this.#gpu, [program]);
      for (const { start, rows, vectors: state } of this.#blocks) {
        state.clear();
        const count = Math.min(rows, which.length - start);
        if (count > 0) state.copyFrom(target, { from: start * length, elements: count * length });
      }
    });
    this.#locked = Float64Array.from(which, (i) => values[i]!);
    this.rows = which.length;
  }

  /**
   * |Av − λv| of Ritz pairs, by a product with each vector.
   * @param keep [count, P] or more, takes the vectors
   */
  async residuals({ values, vectors }: Eigen, which: readonly number[], keep?: State): Promise<number[]> {
    const { directions, products, layout } = this.#operator;
    const block = this.#combinations(which.map((i) => vectors[i]!));
    this.#values.write(Float32Array.from(which, (i) => values[i]!));
    const make = await this.#program(`Ritz vector ${block}`, (graph) => {
      store(directions, scaleToUnit(this.#combined(graph, block)));
    });
    const compare = await this.#program('residual', (graph) => {
      const v = read(graph, directions);
      const value = reshape(take(graph, this.#values, 1, this.#wantedCounters), []);
      const r = axpy(value, v, read(graph, products), -1);
      append(this.#residuals, reshape(normSq(r), [1]), this.#wantedCounters);
      advance(graph, this.#wantedCounters, 1, MANY);
    });
    for (const [place] of which.entries()) {
      await submitAhead(this.#gpu, [make]);
      keep?.copyFrom(directions, { at: place * layout.length });
      await this.#operator.apply([compare]);
      this.products++;
    }
    return Array.from((await this.#residuals.read()).subarray(0, which.length), Math.sqrt);
  }

  dispose(): void {
    // A program that failed to compile was told to whoever asked for it.
    for (const program of this.#programs.values()) program.then((made) => made.dispose()).catch(() => {});
    this.#scope.dispose();
  }

  #blockOf(row: number): number {
    return this.#blocks.findIndex(({ start, rows }) => row < start + rows);
  }

  #stacks(graph: Graph, last: number): Tensor[] {
    return this.#blocks.slice(0, last + 1).map(({ vectors }) => read(graph, vectors));
  }

  /** Uploads combinations of the basis vectors; gives the last block that they need. */
  #combinations(coefficients: readonly Float64Array[]): number {
    for (const { start, rows, wanted } of this.#blocks) {
      const values = new Float32Array(coefficients.length * rows);
      coefficients.forEach((s, k) => {
        values.set(s.subarray(start, start + rows), k * rows);
      });
      wanted.write(values);
    }
    this.#wantedCounters.write(Uint32Array.of(0, 0, 0));
    return this.#blockOf(this.rows - 1);
  }

  #combined(graph: Graph, last: number): Tensor {
    const parts = this.#stacks(graph, last).map((stack, b) => {
      const { wanted, rows } = this.#blocks[b]!;
      return combine(null, stack, reshape(take(graph, wanted, 1, this.#wantedCounters), [rows]));
    });
    return parts.reduce((sum, part) => add(sum, part));
  }

  #program(name: string, trace: (graph: Graph) => void): Promise<Program> {
    const known = this.#programs.get(name);
    if (known) return known;
    const graph = new Graph();
    trace(graph);
    const options = { label: `Krylov ${name}`, replicas: this.#width, arena: this.#arena };
    const made = compile(this.#gpu, graph, options);
    this.#programs.set(name, made);
    return made;
  }
}

/** How many rows each block of a basis has, and where it begins: of one basis alone, whatever goes beside it. */
function blockRows(
  gpu: Gpu,
  length: number,
  capacity: number,
): readonly { readonly start: number; readonly rows: number }[] {
  const most = Math.floor(largestBinding(gpu) / (4 * length));
  const blocks: { start: number; rows: number }[] = [];
  for (let start = 0, size = FIRST_BLOCK; start < capacity; size *= 2) {
    const rows = Math.min(size, most, capacity - start);
    blocks.push({ start, rows });
    start += rows;
  }
  return blocks;
}

/** Numbers that bases side by side may take: 256 MiB. */
const LARGE = 2 ** 26;

/** How many bases of so many vectors [P] may grow side by side: as many as there is room for, at least one. */
export function basesAtOnce(gpu: Gpu, { length }: Pick<FlatLayout, 'length'>, capacity: number): number {
  const longest = Math.max(...blockRows(gpu, length, capacity).map(({ rows }) => rows));
  const bound = Math.floor(largestBinding(gpu) / (4 * longest * length));
  return Math.max(1, Math.min(bound, Math.floor(LARGE / (capacity * length))));
}

/** x less what lies in the span of orthonormal rows: one pass of classical Gram-Schmidt. */
export function orthogonalise(x: Tensor, stacks: readonly Tensor[]): Tensor {
  const inSpan = stacks.map((stack) => dots(stack, x));
  return stacks.reduce((rest, stack, b) => combine(rest, stack, inSpan[b]!, -1), x);
}
