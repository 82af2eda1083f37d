import type { Gpu } from '../../gpu/device.ts';
import { type Point, unitsOf } from '../pass.ts';
import type { CovarianceTrace } from '../statistics/covarianceTrace.ts';
import type { LinearOperator } from './operator.ts';
import { exactTraceCovariance } from './traceHessianCovariance.ts';
import { UnitCurvature } from './unitCurvature.ts';

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

function centred(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}
