import { dot } from '../../ops/dot.ts';
import { purpose } from '../../random/purpose.ts';
import { randomSigns } from '../../random/randomSigns.ts';
import { unitSlopes } from '../gradient/directionalDerivatives.ts';
import type { Look, Quantity } from '../quantity.ts';
import type { CovarianceTrace } from '../statistics/covarianceTrace.ts';
import { estimateFrom } from '../statistics/estimate.ts';
import { ProbedSpread } from '../statistics/probedSpread.ts';
import type { Gathered, TracedBatch } from '../tracedBatch.ts';
import { hessianOf } from './hessianProduct.ts';
import type { Wave } from './probeWaves.ts';
import { unitForms } from './unitForms.ts';

/** What some probes of tr(HΣ) found, by number. */
export interface CovarianceProbes {
  /** Of each: (sₙ − s̄)/√(N − 1), vᵀHₙv and ⟨gₙ, Hv⟩, [N] each, and vᵀHv. */
  readonly each: readonly {
    readonly weights: Float32Array;
    readonly forms: Float32Array;
    readonly slopes: Float32Array;
    readonly form: number;
  }[];
  /** vᵀHₙv′ [N] of the first with the second, the third with the fourth, …. */
  readonly mixed: readonly Float32Array[];
}

/**
 * Probes of tr(HΣ), and of how it depends on the examples. With centred signs w and v = Σ wₙgₙ,
 *
 *   E[vᵀHv] = tr(HΣ),   E[vᵀHₙv] = tr(HₙΣ),   E[(N − 1)wₙ⟨uₙ, Hv⟩] = uₙᵀHuₙ,   zₙ = tr(HₙΣ) + uₙᵀHuₙ − 2 tr(HΣ)
 *
 * zₙ being the derivative of tr(HΣ) by the weight of example n. Two independent probes v, v′ have
 * E[(N − 1)² Σ wₙw′ₙ vᵀHₙv′] = Σ uₙᵀHₙuₙ. Uncentred signs are biased. Three looks at the data: v, a backward pass a probe; Hv
 * and vᵀHₙv; ⟨gₙ, Hv⟩, a pass of tangents a probe. No unit's gradient or Hessian is formed.
 * @param units N, two or more
 * @throws RangeError for fewer than two
 */
export function covarianceProbes(
  units: number,
  { from, to, seed }: Wave & { readonly seed: number },
): Quantity<CovarianceProbes> {
  if (units < 2) throw new RangeError('one example has no covariance');
  const weights = Array.from({ length: to - from }, (_, i) => centredSigns(units, seed, from + i));
  return {
    given: Object.fromEntries(weights.map((w, i) => [`weights ${i}`, w])),
    trace(batch) {
      const { gathering } = batch;
      const v = weights.map((_, i) => {
        const w = gathering.rowsOf(gathering.memory(`weights ${i}`, { shape: [units] }));
        return gathering.sum(`v ${i}`, batch.gradient(batch.weigh(w)));
      });
      return { next: (again) => curved(again, v) };
    },
    read(numbers) {
      const of = (name: string, i: number): Float32Array => numbers[`${name} ${i}`] as Float32Array;
      return {
        each: weights.map((w, i) => ({
          weights: w,
          forms: of('forms', i),
          slopes: of('slopes', i),
          form: of('form', i)[0]!,
        })),
        mixed: weights.flatMap((_, i) => (of('mixed', i) ? [of('mixed', i)] : [])),
      };
    },
  };
}

/** tr(HΣ) by all its probes, and its spread. */
export function covarianceTraceBy(units: number, waves: readonly CovarianceProbes[]): CovarianceTrace {
  const spread = new ProbedSpread(units);
  for (const { each, mixed } of waves) {
    for (const { forms, slopes, weights } of each) spread.add(forms, slopes, weights);
    mixed.forEach((forms, pair) => {
      spread.addPair(forms, each[2 * pair]!.weights, each[2 * pair + 1]!.weights);
    });
  }
  const estimate = estimateFrom(waves.flatMap(({ each }) => each.map(({ form }) => form)));
  return { ...estimate, spread: spread.of(estimate) };
}

function curved(batch: TracedBatch, v: readonly Gathered[]): Look {
  const { graph, gathering } = batch;
  const productOf = hessianOf(batch);
  const directions = v.map((gathered) => gathered.in(graph));
  const found = directions.map((direction, i) => ({
    product: gathering.sum(`product ${i}`, productOf(direction)),
    forms: gathering.rows(`forms ${i}`, unitForms(batch, direction, direction), 'units'),
    mixed:
      i % 2 === 0 && i + 1 < directions.length
        ? gathering.rows(`mixed ${i}`, unitForms(batch, direction, directions[i + 1]!), 'units')
        : null,
  }));
  return {
    values: (later) =>
      Object.fromEntries(
        found.flatMap(({ product, forms, mixed }, i) => [
          [`form ${i}`, dot(v[i]!.in(later), product.in(later))],
          [`forms ${i}`, forms.in(later)],
          ...(mixed ? [[`mixed ${i}`, mixed.in(later)]] : []),
        ]),
      ),
    next(again) {
      const slopes = found.map(({ product }, i) =>
        again.gathering.rows(`slopes ${i}`, unitSlopes(again, product.in(again.graph)), 'units'),
      );
      return {
        values: (later) => Object.fromEntries(slopes.map((each, i) => [`slopes ${i}`, each.in(later)])),
      };
    },
  };
}

/** (sₙ − s̄)/√(N − 1) [N] in float32, as the device makes them. */
function centredSigns(units: number, seed: number, probe: number): Float32Array {
  const signs = randomSigns(units, seed, purpose.exampleSigns, probe);
  const sum = signs.reduce((total, sign) => total + sign, 0);
  const centre = Math.fround(sum * Math.fround(1 / units));
  const scale = Math.fround(1 / Math.sqrt(units - 1));
  return signs.map((sign) => Math.fround(sign - centre) * scale);
}
