import { InputError } from '../../host/inputError.ts';
import { showValue } from '../../host/showValue.ts';
import { curvatureTrace } from '../../measure/curvature/curvatureTrace.ts';
import { hessianProduct } from '../../measure/curvature/hessianProduct.ts';
import { gradientTests } from '../../measure/gradient/gradientTests.ts';
import { histogram } from '../../measure/gradient/histogram.ts';
import { signalToNoise } from '../../measure/gradient/signalToNoise.ts';
import type { Instrument, Told } from '../../measure/instrument.ts';
import { instruments } from '../../measure/instruments.ts';
import { ask, type FoundBy, type Measurement } from '../../measure/measurement.ts';
import type { Point } from '../../measure/pass.ts';
import { pointNoise } from '../../measure/pointNoise.ts';
import { hasCovariance, hasUnits } from '../../measure/requireUnits.ts';
import type { FiniteSampling } from '../../measure/statistics/effectiveBatchSize.ts';
import type { MeasureSettings } from './measureSpec.ts';

/** What was measured at a point, but for spectra: null for what was not asked for, or what the units do not have. */
export type PointFound = FoundBy<ReturnType<typeof measurementsOf>>;

/**
 * All that a spec asks for but spectra, to be measured together: what takes no more than a few looks at the data shares the
 * forward passes and what else it has in common. Probes beyond a wave, and what is exact by a product an example or a
 * coordinate, follow.
 * @param vector flat [P], what the Hessian is to be multiplied by
 * @throws InputError for a type that is no quantity of a data set
 */
export function measurementsOf(point: Point, spec: MeasureSettings, vector: Float32Array | null) {
  const { exact, probes, seed, operator } = spec;
  const covariance = hasCovariance(point);
  return {
    quantities: askedFor(point, spec.quantities),
    noise: pointNoise({ probes, seed, exact }),
    hvp: vector ? hessianProduct(vector) : null,
    histogram:
      spec.histogram !== undefined && hasUnits(point)
        ? histogram({ bins: spec.histogram, parameterBins: spec.histogram_parameters })
        : null,
    trace: spec.trace ? curvatureTrace(operator, { probes, seed, exact }) : null,
    tests: spec.tests && covariance ? gradientTests() : null,
    signalToNoise: spec.signal_to_noise && covariance ? signalToNoise() : null,
  };
}

/** Quantities by the types of their instruments, over all of the data as one batch: what each tells. */
function askedFor(
  { layout, examples: { examples } }: Point,
  types: readonly string[],
): Measurement<Readonly<Record<string, Told>>> {
  const asked = types.map(instrumentOf);
  const of = { names: layout.entries.map(({ name }) => name), sampling: () => whole(examples) };
  const at = { step: 1, batchSize: examples };
  return {
    async *over() {
      if (asked.length === 0) return {};
      const found: Readonly<Record<string, unknown>> = yield* ask(
        Object.fromEntries(asked.map(({ type, quantity }) => [type, quantity])),
      );
      return Object.fromEntries(asked.map(({ type, follow }) => [type, follow(of)(found[type], at)]));
    },
  };
}

/** A batch that is all of the data. */
const whole = (examples: number): FiniteSampling => ({ examples, replacement: false });

/** @throws InputError for a type that is no quantity of a data set */
function instrumentOf(type: string): Instrument {
  const known = instruments.filter(({ ofData }) => ofData);
  const kind = known.find((one) => one.type === type);
  if (kind) return kind.make(kind.options({}), { every: 1 });
  const names = known.map((one) => one.type).join(', ');
  throw new InputError('measure', 'quantities', `has ${showValue(type)}, expected some of ${names}`);
}
