import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { broadcast } from '../../ops/broadcast.ts';
import { randomSigns } from '../../ops/randomSigns.ts';
import { scale } from '../../ops/scale.ts';
import { store } from '../../ops/state/store.ts';
import { subtract } from '../../ops/subtract.ts';
import { mean as meanOf } from '../../ops/sum.ts';
import { purpose } from '../../random/purpose.ts';
import { WeightedGradients } from '../gradient/weightedGradient.ts';
import { type Point, unitsOf } from '../pass.ts';
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
      const width = operator.directions.replicas;
      const samples = scope.own(new Samples(gpu, { width, rounds: Math.ceil(most / width) }));
      const gradients = samples.own(await WeightedGradients.open(gpu, point, operator.directions));
      const draw = await samples.program('centred signs', (graph) => {
        const stream = samples.stream(purpose.exampleSigns);
        const signs = randomSigns(graph, stream, units);
        const centred = subtract(signs, broadcast(meanOf(signs), [units], { from: 0, to: 1 }));
        store(gradients.weights, scale(centred, 1 / Math.sqrt(units - 1)));
      });
      const forms = await samples.quadraticForms(operator);
      return new CovarianceTraceEstimator(gpu, operator, samples, gradients, [draw, forms]);
    });
  }

  async estimate({ probes, seed }: Probes): Promise<Estimate> {
    this.#samples.begin(seed);
    for (let done = 0; done < probes; done += this.#samples.width) {
      await submitAhead(this.#gpu, [this.#draw]);
      await this.#gradients.run();
      await this.#operator.apply([this.#forms]);
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
