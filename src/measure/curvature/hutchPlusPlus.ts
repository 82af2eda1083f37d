import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { scaleToUnit } from '../../ops/combine.ts';
import { dot, normSq } from '../../ops/dot.ts';
import { dimension } from '../../ops/flat.ts';
import type { Graph, Tensor } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { randomSigns } from '../../ops/randomSigns.ts';
import { reshape } from '../../ops/reshape.ts';
import { keepOrRestart } from '../../ops/restart.ts';
import { advance } from '../../ops/state/advance.ts';
import { append } from '../../ops/state/append.ts';
import { store } from '../../ops/state/store.ts';
import { take } from '../../ops/state/take.ts';
import { purpose } from '../../random/purpose.ts';
import { type Estimate, estimateFrom, type Probes } from '../statistics/estimate.ts';
import { orthogonalise } from './krylov.ts';
import type { LinearOperator } from './operator.ts';
import { parameterMask } from './parameterMask.ts';
import { Samples } from './samples.ts';

/** What a round does before and after its products. */
interface Rounds {
  /** Directions of random signs, of which the products span the sketch. */
  readonly sketch: Program;
  /** Puts the next of a round's products into the basis. */
  readonly keep: Program;
  /** Directions of random signs, less what lies in the span. */
  readonly probe: Program;
  /** Puts down the form of each direction. */
  readonly form: Program;
}

/** The basis of the span, and what is put into it. */
interface Sketch {
  /** [rank, P] */
  readonly basis: State;
  /** The products of a round, [width, P]. */
  readonly found: State;
  /** Their offset is the place in the basis, and in the products of a round. */
  readonly rows: State;
  readonly slots: State;
  readonly rank: number;
  /** Probes of what is orthogonal to the span. */
  readonly rest: number;
}

/**
 * tr A by Hutch++ (Meyer, Musco, Musco & Woodruff 2021): exactly over the span of A·S, S a third as many vectors of random
 * signs as there are products, and by Hutchinson's probes over what is orthogonal to it. Where few eigenvalues hold most of A
 * its error falls as 1/products, not with the root. The standard error is that of the probes, a third of the products: given
 * the span, which does not depend on them, they are independent and without bias. Compiled once; nothing is read back but
 * numbers.
 */
export class HutchPlusPlus {
  readonly #gpu: Gpu;
  readonly #operator: LinearOperator;
  readonly #samples: Samples;
  readonly #sketch: Sketch;
  readonly #rounds: Rounds;

  private constructor(gpu: Gpu, operator: LinearOperator, samples: Samples, sketch: Sketch, rounds: Rounds) {
    this.#gpu = gpu;
    this.#operator = operator;
    this.#samples = samples;
    this.#sketch = sketch;
    this.#rounds = rounds;
  }

  /**
   * @param probes products of one estimate in all, three or more; as many in a pass as the operator has directions
   * @throws RangeError for fewer
   */
  static open(gpu: Gpu, operator: LinearOperator, probes: number): Promise<HutchPlusPlus> {
    return Scope.make((scope) => HutchPlusPlus.#open(gpu, scope, operator, probes));
  }

  static async #open(
    gpu: Gpu,
    scope: Scope,
    operator: LinearOperator,
    probes: number,
  ): Promise<HutchPlusPlus> {
    if (probes < 3) throw new RangeError(`Hutch++ takes three products or more, found ${probes}`);
    const { layout, directions, products } = operator;
    const P = dimension(layout);
    const rank = Math.min(Math.floor(probes / 3), P);
    const rest = rank === P ? 0 : probes - 2 * rank;
    const width = directions.replicas;
    const rounds = Math.ceil(rank / width) + Math.ceil(rest / width);
    const samples = scope.own(new Samples(gpu, { width, rounds }));
    const own = (label: string, shape: readonly number[], dtype?: 'u32'): State =>
      samples.own(new State(gpu, { label, shape, dtype }));
    const basis = own('basis of the sketch', [rank, layout.length]);
    const found = own('products of the sketch', [width, layout.length]);
    const [rows, slots] = [own('sketch rows', [3], 'u32'), own('sketch slots', [3], 'u32')];
    const mask = samples.own(parameterMask(gpu, layout));
    const signs = (graph: Graph, of: number): Tensor =>
      randomSigns(graph, { ...samples.stream(of), mask }, layout.length);

    const sketch = await samples.program('Hutch++ sketch', (graph) => {
      store(directions, signs(graph, purpose.sketchSigns));
      samples.next(graph);
    });
    const keep = await samples.program('Hutch++ basis', (graph) => {
      const all = [read(graph, basis)];
      const y = reshape(take(graph, found, 1, slots), [layout.length]);
      const left = orthogonalise(y, all);
      const stream = { purpose: purpose.krylovRestart, seeds: samples.seeds, counters: rows, mask };
      const kept = keepOrRestart(left, normSq(y), normSq(left), stream);
      const q = scaleToUnit(orthogonalise(orthogonalise(kept, all), all));
      append(basis, reshape(q, [1, layout.length]), rows);
      advance(graph, rows, 1, rank);
      advance(graph, slots, 1, width);
    });
    const probe = await samples.program('Hutch++ probes', (graph) => {
      const all = [read(graph, basis)];
      const drawn = signs(graph, purpose.parameterSigns);
      store(directions, orthogonalise(orthogonalise(drawn, all), all));
    });
    const form = await samples.program('Hutch++ forms', (graph) => {
      samples.put(graph, dot(read(graph, directions), read(graph, products)));
    });
    const made = { basis, found, rows, slots, rank, rest };
    return new HutchPlusPlus(gpu, operator, samples, made, { sketch, keep, probe, form });
  }

  /**
   * @returns `probes` are those beside the span, from which the standard error is; all of the space in the span is exact,
   *   with standard error 0
   */
  async estimate(seed: number): Promise<Estimate> {
    const { directions, products } = this.#operator;
    const { basis, found, rows, slots, rank, rest } = this.#sketch;
    const { sketch, keep, probe, form } = this.#rounds;
    const { width } = this.#samples;
    for (const state of [basis, rows, slots]) state.clear();
    this.#samples.begin(seed);
    for (let done = 0; done < rank; done += width) {
      await submitAhead(this.#gpu, [sketch]);
      await this.#operator.apply();
      found.copyFrom(products, { elements: found.elements });
      await submitAhead(this.#gpu, Array<Program>(Math.min(width, rank - done)).fill(keep));
    }
    const { replicaStride } = directions;
    for (let done = 0; done < rank; done += width) {
      const elements = Math.min(width, rank - done) * replicaStride;
      directions.copyFrom(basis, { from: done * replicaStride, elements });
      await this.#operator.apply([form]);
    }
    // Numbered after the span's, however many rounds that took.
    this.#samples.number(rank);
    for (let done = 0; done < rest; done += width) {
      await submitAhead(this.#gpu, [probe]);
      await this.#operator.apply([form]);
    }
    const inSpan = (await this.#samples.read(rank)).reduce((sum, value) => sum + value, 0);
    if (rest === 0) return { value: inSpan, stderr: 0, probes: rank };
    const beside = await this.#samples.read(rest, Math.ceil(rank / width));
    const { value, stderr } = estimateFrom(beside);
    return { value: inSpan + value, stderr, probes: rest };
  }

  dispose(): void {
    this.#samples.dispose();
  }
}

/**
 * tr A by Hutch++, once. See `HutchPlusPlus`.
 * @throws RangeError for fewer than three products
 */
export async function hutchPlusPlus(
  gpu: Gpu,
  operator: LinearOperator,
  { probes, seed }: Probes,
): Promise<Estimate> {
  const estimator = await HutchPlusPlus.open(gpu, operator, probes);
  try {
    return await estimator.estimate(seed);
  } finally {
    estimator.dispose();
  }
}
