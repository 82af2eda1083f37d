import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { scaleToUnit } from '../../ops/combine.ts';
import { dot, normSq } from '../../ops/dot.ts';
import { dimension } from '../../ops/flat.ts';
import type { Graph } from '../../ops/graph.ts';
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

/** Products in one pass: what makes the directions before it, and what takes the products after it. */
interface ProductRound {
  readonly before: Program;
  readonly after: Program;
}

/** The basis of the span, and the passes of an estimate. */
interface Sketch {
  /** [rank, P] */
  readonly basis: State;
  /** Their offset is the place in the basis. */
  readonly rows: State;
  readonly rank: number;
  /** Probes of what is orthogonal to the span. */
  readonly rest: number;
  readonly passes: readonly ProductRound[];
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

  private constructor(gpu: Gpu, operator: LinearOperator, samples: Samples, sketch: Sketch) {
    this.#gpu = gpu;
    this.#operator = operator;
    this.#samples = samples;
    this.#sketch = sketch;
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
    const samples = scope.own(new Samples(gpu, rank + rest));
    const own = (label: string, shape: readonly number[], dtype?: 'u32'): State =>
      samples.own(new State(gpu, { label, shape, dtype }));
    const basis = own('basis of the sketch', [rank, layout.length]);
    const rows = own('sketch rows', [3], 'u32');
    const mask = samples.own(parameterMask(gpu, layout));
    const stream = (of: number, counters: State) => ({ ...samples.stream(of), mask, counters });

    const sketch = (graph: Graph, i: number): void => {
      store(directions[i]!, randomSigns(graph, stream(purpose.sketchSigns, rows), layout.length, i));
    };
    const keep = (graph: Graph, i: number): void => {
      const all = [read(graph, basis)];
      const y = read(graph, products[i]!);
      const left = orthogonalise(y, all);
      const kept = keepOrRestart(left, normSq(y), normSq(left), stream(purpose.krylovRestart, rows));
      const q = scaleToUnit(orthogonalise(orthogonalise(kept, all), all));
      append(basis, reshape(q, [1, layout.length]), rows);
      advance(graph, rows, 1, rank);
    };
    const row = (graph: Graph, i: number): void => {
      store(directions[i]!, reshape(take(graph, basis, 1, rows), [layout.length]));
      advance(graph, rows, 1, rank);
    };
    const probe = (graph: Graph, i: number): void => {
      const all = [read(graph, basis)];
      const signs = randomSigns(graph, stream(purpose.parameterSigns, samples.counters), layout.length, i);
      store(directions[i]!, orthogonalise(orthogonalise(signs, all), all));
    };
    const form = (graph: Graph, i: number): void => {
      samples.put(graph, dot(read(graph, directions[i]!), read(graph, products[i]!)));
    };

    const passes: ProductRound[] = [];
    for (const [count, before, after] of [
      [rank, sketch, keep],
      [rank, row, form],
      [rest, probe, form],
    ] as const) {
      const made = new Map<number, ProductRound>();
      for (let done = 0; done < count; done += directions.length) {
        const width = Math.min(directions.length, count - done);
        const program = (each: typeof before) =>
          samples.program(`Hutch++ ${each.name} ${width}`, (graph) => {
            for (let i = 0; i < width; i++) each(graph, i);
          });
        if (!made.has(width)) made.set(width, { before: await program(before), after: await program(after) });
        passes.push(made.get(width)!);
      }
    }
    return new HutchPlusPlus(gpu, operator, samples, { basis, rows, rank, rest, passes });
  }

  /**
   * @returns `probes` are those beside the span, from which the standard error is; all of the space in the span is exact,
   *   with standard error 0
   */
  async estimate(seed: number): Promise<Estimate> {
    const { basis, rows, rank, rest, passes } = this.#sketch;
    for (const state of [basis, rows]) state.clear();
    this.#samples.begin(seed);
    for (const { before, after } of passes) {
      await submitAhead(this.#gpu, [before]);
      await this.#operator.apply([after]);
    }
    const values = await this.#samples.read(rank + rest);
    const inSpan = values.slice(0, rank).reduce((sum, value) => sum + value, 0);
    if (rest === 0) return { value: inSpan, stderr: 0, probes: rank };
    const { value, stderr } = estimateFrom(values.slice(rank));
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
