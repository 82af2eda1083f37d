import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { broadcast } from '../../ops/broadcast.ts';
import { fill } from '../../ops/fill.ts';
import { read } from '../../ops/leaf.ts';
import { randomSigns } from '../../ops/randomSigns.ts';
import { scale } from '../../ops/scale.ts';
import { store } from '../../ops/state/store.ts';
import { subtract } from '../../ops/subtract.ts';
import { mean as meanOf } from '../../ops/sum.ts';
import { purpose } from '../../random/purpose.ts';
import { WeightedGradients } from '../gradient/weightedGradient.ts';
import { Pass, type Point, unitsOf } from '../pass.ts';
import { type Estimate, estimateFrom, type Probes } from '../statistics/estimate.ts';
import type { LinearOperator } from './operator.ts';
import { Samples } from './samples.ts';

/**
 * tr(AΣ) by random signs: v = Σₙ (sₙ − s̄)/√(N − 1)·gₙ is one reweighted backward pass, and vᵀAv is unbiased for tr(AΣ), Σ
 * with divisor N − 1. Uncentred signs are biased. No per-example gradient is formed. Compiled once; nothing is read back
 * but the probes' values.
 */
export class CovarianceTraceEstimator {
  readonly #gpu: Gpu;
  readonly #operator: LinearOperator;
  readonly #samples: Samples;
  readonly #gradients: WeightedGradients;
  readonly #draw: Program;
  readonly #forms: Program;

  private constructor(
    gpu: Gpu,
    operator: LinearOperator,
    samples: Samples,
    gradients: WeightedGradients,
    [draw, forms]: readonly [Program, Program],
  ) {
    this.#gpu = gpu;
    this.#operator = operator;
    this.#samples = samples;
    this.#gradients = gradients;
    this.#draw = draw;
    this.#forms = forms;
  }

  /**
   * @param operator A: the Hessian at this point, for B_noise
   * @param most probes of one estimate, at the most
   * @throws RangeError for fewer than two examples (units)
   */
  static open(
    gpu: Gpu,
    point: Point,
    operator: LinearOperator,
    most: number,
  ): Promise<CovarianceTraceEstimator> {
    return Scope.make(async (scope) => {
      const units = unitsOf(point);
      if (units < 2) throw new RangeError('one example has no covariance');
      const samples = scope.own(new Samples(gpu, most + operator.directions.length));
      const gradients = samples.own(await WeightedGradients.open(gpu, point, operator.directions));
      const draw = await samples.program('centred signs', (graph) => {
        const stream = samples.stream(purpose.exampleSigns);
        gradients.weights.forEach((weights, i) => {
          const signs = randomSigns(graph, stream, units, i);
          const centred = subtract(signs, broadcast(meanOf(signs), [units], { from: 0, to: 1 }));
          store(weights, scale(centred, 1 / Math.sqrt(units - 1)));
        });
      });
      const forms = await samples.quadraticForms(operator);
      return new CovarianceTraceEstimator(gpu, operator, samples, gradients, [draw, forms]);
    });
  }

  /** One vector of weights [N] a probe of the last round: (sₙ − s̄)/√(N − 1). */
  get weights(): readonly State[] {
    return this.#gradients.weights;
  }

  /**
   * @param after each round, in which the operator's first `count` directions and products, and `weights`, are of the next
   *   so many probes
   */
  async estimate({ probes, seed }: Probes, after?: (count: number) => Promise<void>): Promise<Estimate> {
    this.#samples.begin(seed);
    const width = this.#operator.directions.length;
    for (let done = 0; done < probes; done += width) {
      await submitAhead(this.#gpu, [this.#draw]);
      await this.#gradients.run();
      await this.#operator.apply([this.#forms]);
      await after?.(Math.min(width, probes - done));
    }
    return estimateFrom(await this.#samples.read(probes));
  }

  dispose(): void {
    this.#samples.dispose();
  }
}

/** tr(AΣ) by random signs, once. See `CovarianceTraceEstimator`. */
export async function estimateTraceCovariance(
  gpu: Gpu,
  point: Point,
  operator: LinearOperator,
  probes: Probes,
): Promise<Estimate> {
  const estimator = await CovarianceTraceEstimator.open(gpu, point, operator, probes.probes);
  try {
    return await estimator.estimate(probes);
  } finally {
    estimator.dispose();
  }
}

/**
 * tr(AΣ) = Σₙ (gₙ − ḡ)ᵀA(gₙ − ḡ)/(N − 1) from every example (unit): N products over the data, and each one's gradient from
 * a pass over itself alone.
 * @param mean ḡ, flat [P]
 * @param after each round, in which the operator's first directions hold gₙ − ḡ of `count` units from `first` on
 * @returns the sum, and the terms (gₙ − ḡ)ᵀA(gₙ − ḡ) [N] that make it
 * @throws RangeError for fewer than two examples (units)
 */
export async function exactTraceCovariance(
  gpu: Gpu,
  point: Point,
  operator: LinearOperator,
  mean: Float32Array,
  after?: (first: number, count: number) => Promise<void>,
): Promise<Estimate & { readonly terms: readonly number[] }> {
  const units = unitsOf(point);
  if (units < 2) throw new RangeError('one example has no covariance');
  const { layout, directions } = operator;
  const width = directions.length;
  const samples = new Samples(gpu, units + width);
  try {
    const flat = (label: string): State => samples.own(new State(gpu, { label, shape: [layout.length] }));
    const [centre, deviation] = [flat('mean gradient'), flat('deviation')];
    centre.write(mean);
    const each = samples.own(
      await Pass.open(gpu, 'single gradients', { ...point, ghostBatch: point.ghostBatch ?? 1 }, (batch) => {
        const { graph } = batch;
        const gradient = batch.gradient(batch.weigh(fill(graph, 1, [1])));
        store(deviation, subtract(gradient, read(graph, centre)));
      }),
    );
    const take = await Promise.all(
      directions.map((direction) =>
        samples.program('deviation', (graph) => store(direction, read(graph, deviation))),
      ),
    );
    const forms = await samples.quadraticForms(operator);
    for (let unit = 0; unit < units; unit += width) {
      for (const [i, program] of take.slice(0, units - unit).entries())
        await each.runOne(unit + i, [program]);
      await operator.apply([forms]);
      await after?.(unit, Math.min(width, units - unit));
    }
    const terms = await samples.read(units);
    const total = terms.reduce((sum, form) => sum + form, 0);
    return { value: total / (units - 1), stderr: 0, probes: units, terms };
  } finally {
    samples.dispose();
  }
}
