import type { Gpu } from '../../gpu/device.ts';
import { type Point, unitsOf } from '../pass.ts';
import type { CovarianceTrace, CovarianceTraceSpread } from '../statistics/covarianceTrace.ts';
import type { Estimate, Probes } from '../statistics/estimate.ts';
import type { LinearOperator } from './operator.ts';
import { CovarianceTraceEstimator, exactTraceCovariance } from './traceHessianCovariance.ts';
import { UnitCurvature } from './unitCurvature.ts';

/**
 * tr(HΣ) by random signs, and its spread from the same probes by one more pass of tangents a round. With centred signs w and
 * v = Σ wₙgₙ,
 *
 *   E[vᵀHₙv] = tr(HₙΣ),   E[(N − 1)wₙ⟨uₙ, Hv⟩] = uₙᵀHuₙ,   zₙ = tr(HₙΣ) + uₙᵀHuₙ − 2 tr(HΣ)
 *
 * the derivative of tr(HΣ) by the weight of example n. Two independent probes v, v′ have E[(N − 1)² Σ wₙw′ₙ vᵀHₙv′] = Σ uₙᵀHₙuₙ.
 * @throws RangeError for fewer than two examples (units)
 */
export async function estimateCovarianceTrace(
  gpu: Gpu,
  point: Point,
  hessian: LinearOperator,
  { probes, seed }: Probes,
): Promise<CovarianceTrace> {
  const units = unitsOf(point);
  const { directions, products } = hessian;
  const estimator = await CovarianceTraceEstimator.open(gpu, point, hessian, probes);
  const spread = new ProbedSpread(units);
  try {
    const each = await UnitCurvature.open(gpu, point, { directions, slopes: products, pairs: true });
    try {
      const estimate = await estimator.estimate({ probes, seed }, async (count) => {
        const { forms, slopes, mixed } = await each.measure();
        const weights = await Promise.all(estimator.weights.map((state) => state.read()));
        for (let i = 0; i < count; i++) spread.add(forms[i]!, slopes[i]!, weights[i]!);
        for (let i = 0; i + 1 < count; i += 2) spread.addPair(mixed[i / 2]!, weights[i]!, weights[i + 1]!);
      });
      return { ...estimate, spread: spread.of(estimate) };
    } finally {
      each.dispose();
    }
  } finally {
    estimator.dispose();
  }
}

/**
 * tr(HΣ) from every example (unit), and its spread by one more pass of tangents for each of the N products.
 * @param mean ḡ, flat [P]
 * @throws RangeError for fewer than two examples (units)
 */
export async function exactCovarianceTrace(
  gpu: Gpu,
  point: Point,
  hessian: LinearOperator,
  mean: Float32Array,
): Promise<CovarianceTrace> {
  const units = unitsOf(point);
  const sums = new Float64Array(units);
  let own = 0;
  const each = await UnitCurvature.open(gpu, point, { directions: hessian.directions, slopes: [] });
  try {
    const { terms, ...estimate } = await exactTraceCovariance(
      gpu,
      point,
      hessian,
      mean,
      async (first, count) => {
        const { forms } = await each.measure();
        forms.slice(0, count).forEach((form, i) => {
          form.forEach((value, n) => {
            sums[n]! += value;
          });
          own += form[first + i]! / units;
        });
      },
    );
    const influence = centred(sums.map((sum, n) => sum / (units - 1) + terms[n]!));
    return { ...estimate, spread: { influence, probeVariance: 0, own } };
  } finally {
    each.dispose();
  }
}

/** The spread from probes, one after the other. On the host, in float64. */
export class ProbedSpread {
  readonly #units: number;
  readonly #sums: Float64Array;
  #probes = 0;
  #squares = 0;
  #own = 0;
  #pairs = 0;

  constructor(units: number) {
    this.#units = units;
    this.#sums = new Float64Array(units);
  }

  /** @param forms vᵀHₙv, slopes ⟨gₙ, Hv⟩, weights w, [N] each */
  add(forms: ArrayLike<number>, slopes: ArrayLike<number>, weights: ArrayLike<number>): void {
    const away = centred(Float64Array.from(slopes));
    const found = centred(away.map((slope, n) => forms[n]! + (this.#units - 1) * weights[n]! * slope));
    this.#probes++;
    found.forEach((z, n) => {
      this.#sums[n]! += z;
      this.#squares += z * z;
    });
  }

  /** @param mixed vᵀHₙv′, of two probes' weights w and w′, [N] each */
  addPair(mixed: ArrayLike<number>, first: ArrayLike<number>, second: ArrayLike<number>): void {
    const N = this.#units;
    const sum = Array.from(mixed).reduce((all, form, n) => all + first[n]! * second[n]! * form, 0);
    this.#own += ((N - 1) ** 2 / N) * sum;
    this.#pairs++;
  }

  /**
   * @param estimate tr(HΣ) by these probes, two or more. The scatter of the probes' means is in that of the zₙ already: by
   *   about half of the estimate's own variance.
   */
  of({ stderr }: Estimate): CovarianceTraceSpread {
    const [N, probes] = [this.#units, this.#probes];
    const influence = this.#sums.map((sum) => sum / probes);
    const within = this.#squares - probes * influence.reduce((sum, z) => sum + z * z, 0);
    const taken = within / (probes * (probes - 1)) / (N * (N - 1));
    return {
      influence,
      probeVariance: Math.max(0, stderr! ** 2 - taken),
      own: this.#own / this.#pairs,
    };
  }
}

function centred(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}
