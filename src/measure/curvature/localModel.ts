import { byItself, type Measurement } from '../measurement.ts';
import { requireCovariance } from '../requireUnits.ts';
import { type LocalModelOptions, type MeasuredLocalModel, measureLocalModel } from './measureLocalModel.ts';

/**
 * |G|², GᵀHG and tr(HΣ) of a population, from which a point's examples are: what `statistics.optimalRate` and others predict from. See
 * `MeasuredLocalModel`.
 * @throws InputError, when it is measured, where units have no gradients of their own, or there is one alone
 * @throws RangeError, then, for a population of fewer than the examples
 */
export function localModel(options: LocalModelOptions): Measurement<MeasuredLocalModel> {
  return byItself(
    ({ gpu, point }) => measureLocalModel(gpu, point, options),
    (point) => requireCovariance('localModel', point),
  );
}
