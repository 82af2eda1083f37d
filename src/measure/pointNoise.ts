import type { AlongGradient } from './curvature/alongGradient.ts';
import { alongGradient } from './curvature/alongGradient.ts';
import type { CovarianceProbes } from './curvature/covarianceProbes.ts';
import { covarianceProbes, covarianceTraceBy } from './curvature/covarianceProbes.ts';
import { exactCovarianceTrace } from './curvature/exactCovarianceTrace.ts';
import { probeWaves } from './curvature/probeWaves.ts';
import { ask, type Measurement } from './measurement.ts';
import { unitsOf } from './pass.ts';
import { gradientSample, type PointErrors, pointErrors } from './pointErrors.ts';
import { requireFiniteLosses } from './requireFiniteLosses.ts';
import { hasCovariance, hasUnits } from './requireUnits.ts';
import type { CovarianceTrace } from './statistics/covarianceTrace.ts';
import type { GradientSample } from './statistics/leaveOneOut.ts';

/** How the noise at a point is measured. */
export interface NoiseOptions {
  /** Random vectors behind tr(HΣ), two or more: 16 by default. */
  readonly probes?: number | undefined;
  /** Of these vectors, in [0, 2³²). */
  readonly seed?: number | undefined;
  /** tr(HΣ) from every example, a Hessian product each, and not from probes. */
  readonly exact?: boolean | undefined;
  /** Whether curvature along the gradient is measured too: true by default. */
  readonly hessian?: boolean | undefined;
}

/** What gradients and curvature at a point leave for numbers and their errors. */
export interface PointNoise {
  readonly along: AlongGradient;
  /** tr(HΣ); null without curvature, or where units have no covariance. */
  readonly covarianceTrace: CovarianceTrace | null;
  readonly sample: GradientSample | null;
  readonly errors: PointErrors | null;
}

/**
 * Gradients, their covariance and curvature along both, with errors over the examples (units): three looks at the data, which the
 * probes of tr(HΣ) share up to a wave of them; more probes, and what is exact, take passes of their own.
 */
export function pointNoise({
  probes = 16,
  seed = 0,
  exact = false,
  hessian = true,
}: NoiseOptions): Measurement<PointNoise> {
  return {
    async *over({ gpu, point }) {
      const units = unitsOf(point);
      const traces = hessian && hasCovariance(point);
      const waves = traces && !exact ? probeWaves(probes, point.layout) : [];
      const wave = (i: number) => waves[i] && covarianceProbes(units, { ...waves[i], seed });
      const first = yield* ask({
        along: alongGradient({ units: hasUnits(point), dots: true, hessian, covariance: false }),
        covariance: wave(0) ?? null,
      });
      const { along } = first;
      requireFiniteLosses(point, along.perExampleLoss);
      const found: CovarianceProbes[] = first.covariance ? [first.covariance] : [];
      for (let i = 1; i < waves.length; i++) {
        const { covariance } = yield* ask({ covariance: wave(i)! });
        found.push(covariance);
      }
      const exactly = traces && exact ? await exactCovarianceTrace(gpu, point, along.mean) : null;
      const covarianceTrace = exactly ?? (found.length > 0 ? covarianceTraceBy(units, found) : null);
      const sample = gradientSample(along);
      const errors = await pointErrors(gpu, point, { along, covarianceTrace, sample });
      return { along, covarianceTrace, sample, errors };
    },
  };
}
