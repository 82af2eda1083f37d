import { alongGradient } from '../curvature/alongGradient.ts';
import { ask, type Measurement } from '../measurement.ts';
import { unitsOf } from '../pass.ts';
import { gradientSample } from '../pointErrors.ts';
import { requireCovariance } from '../requireUnits.ts';
import { gradientSignalToNoise, QUANTILES } from '../statistics/gradientSignalToNoise.ts';
import { signalToNoiseErrors } from '../statistics/signalToNoiseErrors.ts';
import { type Spread, spreadOf } from '../statistics/spreadOf.ts';
import { meanRatioErrors } from './meanRatioErrors.ts';

/** The gradient's signal-to-noise ratio, by coordinate and overall, with standard errors; see `gradientSignalToNoise`. */
export interface MeasuredSignalToNoise {
  readonly overall: Spread;
  readonly overallUnbiased: Spread;
  readonly mean: Spread;
  readonly meanUnbiased: Spread;
  readonly quantiles: readonly { readonly quantile: number; readonly value: number | null }[];
  readonly silent: number;
  readonly evidence: Spread;
}

/**
 * The ratios ḡ_d²/Σ_dd of single coordinates and |ḡ|²/tr Σ overall; errors by leaving out examples (units), those of the mean
 * over the coordinates by 16 groups of them, in a pass of their own. `meanUnbiased` and `evidence` take four examples (units), errors
 * three, and theirs five: those that are not there are null.
 * @throws InputError, when it is measured, where units have no gradients of their own, or there is one alone
 */
export function signalToNoise(): Measurement<MeasuredSignalToNoise> {
  return {
    async *over({ gpu, point }) {
      requireCovariance('signalToNoise', point);
      const { along } = yield* ask({
        along: alongGradient({ units: true, dots: true, hessian: false, covariance: false }),
      });
      const units = unitsOf(point);
      const moments = { mean: along.mean, centredSquares: along.centredSquares! };
      const found = gradientSignalToNoise(point.layout, { ...moments, examples: units });
      const whole = signalToNoiseErrors(gradientSample(along)!);
      const ofMean = await meanRatioErrors(gpu, point, moments);
      return {
        overall: spreadOf(found.overall, whole.overall),
        overallUnbiased: spreadOf(found.overallUnbiased, whole.overallUnbiased),
        mean: spreadOf(found.mean, ofMean.mean),
        meanUnbiased: spreadOf(found.meanUnbiased, ofMean.meanUnbiased),
        quantiles: QUANTILES.map((quantile, i) => ({ quantile, value: found.quantiles[i] ?? null })),
        silent: found.silent,
        evidence: spreadOf(found.evidence, ofMean.meanUnbiased === null ? null : units * ofMean.meanUnbiased),
      };
    },
  };
}
