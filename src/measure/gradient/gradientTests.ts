import { alongGradient } from '../curvature/alongGradient.ts';
import { ask, type Measurement } from '../measurement.ts';
import { gradientSample } from '../pointErrors.ts';
import { requireCovariance } from '../requireUnits.ts';
import { gradientTestErrors } from '../statistics/gradientTestErrors.ts';
import { samplingCriteria } from '../statistics/samplingCriteria.ts';
import { type Spread, spreadOf } from '../statistics/spreadOf.ts';

/** Tests of the gradient over all data as one batch; see `SamplingCriteria`. */
export interface GradientTests {
  readonly norm: Spread;
  readonly innerProduct: Spread;
  readonly orthogonality: Spread;
}

/**
 * Norm, inner-product and orthogonality test (Byrd et al. 2012; Bollapragada et al. 2018) of the gradient over all data, with
 * standard errors over the examples (units); four looks at the data. Errors are null for fewer than three, and where the gradients
 * differ by less than float32 tells; those of the last two also where the mean gradient is within its noise.
 * @throws InputError, when it is measured, where units have no gradients of their own, or there is one alone
 */
export function gradientTests(): Measurement<GradientTests> {
  return {
    async *over({ point }) {
      requireCovariance('gradientTests', point);
      const { along } = yield* ask({
        along: alongGradient({ units: true, dots: true, hessian: false, covariance: true }),
      });
      const sample = gradientSample(along)!;
      const [found, errors] = [samplingCriteria(sample), gradientTestErrors(sample)];
      return {
        norm: spreadOf(found.norm, errors.norm),
        innerProduct: spreadOf(found.innerProduct, errors.innerProduct),
        orthogonality: spreadOf(found.orthogonality, errors.orthogonality),
      };
    },
  };
}
