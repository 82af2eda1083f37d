import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { UnitGradients } from '../gradient/unitGradients.ts';
import { type Point, unitsOf } from '../pass.ts';
import type { CovarianceTrace } from '../statistics/covarianceTrace.ts';
import { UnitCurvature } from './unitCurvature.ts';
import { vectorsAtOnce } from './vectorsAtOnce.ts';

/**
 * tr(HΣ) = Σₙ uₙᵀHuₙ/(N − 1), uₙ = gₙ − ḡ, from every example (unit), and its spread: each one's gradient from a pass over itself alone, and
 * the second derivative along uₙ of every unit's loss, whose mean is uₙᵀHuₙ, from a pass of tangents over the data.
 * @param mean ḡ, flat [P]
 * @throws RangeError for fewer than two examples (units)
 */
export function exactCovarianceTrace(gpu: Gpu, point: Point, mean: Float32Array): Promise<CovarianceTrace> {
  const units = unitsOf(point);
  if (units < 2) throw new RangeError('one example has no covariance');
  return Scope.within(async (scope) => {
    const width = vectorsAtOnce(point, units);
    const shape = [point.layout.length];
    const deviations = scope.own(new State(gpu, { label: 'deviations', shape, replicas: width }));
    const gradients = scope.own(await UnitGradients.open(gpu, point, { into: deviations, less: mean }));
    const each = scope.own(await UnitCurvature.open(gpu, point, deviations));
    /** uₙᵀHuₙ, and Σₘ uₘᵀHₙuₘ. */
    const [terms, sums] = [new Float64Array(units), new Float64Array(units)];
    let own = 0;
    const take = (first: number, forms: readonly Float32Array[]): void => {
      forms.slice(0, units - first).forEach((form, i) => {
        let total = 0;
        form.forEach((value, n) => {
          total += value;
          sums[n]! += value;
        });
        terms[first + i] = total / units;
        own += form[first + i]! / units;
      });
    };
    let taken: Promise<void> = Promise.resolve();
    for (let first = 0; first < units; first += width) {
      await gradients.run(first);
      await each.run();
      // A round is read while the next one is computed; a failure is told to whoever waits for it.
      const before = taken;
      taken = Promise.all([each.read(), before]).then(([found]) => take(first, found));
      taken.catch(() => {});
      await before;
    }
    await taken;
    const influence = centred(sums.map((sum, n) => sum / (units - 1) + terms[n]!));
    const value = terms.reduce((sum, term) => sum + term, 0) / (units - 1);
    return { value, stderr: 0, probes: units, spread: { influence, probeVariance: 0, own } };
  });
}

function centred(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}
