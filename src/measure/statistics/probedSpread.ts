import type { CovarianceTraceSpread } from './covarianceTrace.ts';
import type { Estimate } from './estimate.ts';

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
