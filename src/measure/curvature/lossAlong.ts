import { Scope } from '../../gpu/scope.ts';
import { openLossesAround } from '../landscape/lossesAround.ts';
import { byItself, type Measurement } from '../measurement.ts';
import { type ParameterVector, requireLayout } from '../parameterVector.ts';
import { requireUnits } from '../requireUnits.ts';

/**
 * The mean loss at θ − εd for each of some ε: all of them in one pass over the data.
 * @param d the gradient, for what steps of SGD of these rates would leave
 * @param rates ε, one or more
 * @returns a loss for each ε: the mean over the examples, whatever the ghost batches
 * @throws InputError, when it is measured, for a vector of another model's parameters, and where BatchNorm in train mode couples
 *   the examples
 */
export function lossAlong(d: ParameterVector, rates: readonly number[]): Measurement<Float64Array> {
  return byItself(
    ({ gpu, point }) =>
      Scope.within(async (scope) => {
        const grid = { directions: 1, points: rates.length, runs: 1 };
        const { span, losses } = scope.own(await openLossesAround(gpu, point, grid));
        span.directions.copyFrom(d.state);
        span.setCoefficients(rates.map((rate) => [-rate]));
        await losses.run();
        return Float64Array.from((await losses.read())[0]!, ({ loss }) => loss);
      }),
    (point) => {
      requireLayout('lossAlong', point.layout, d);
      requireUnits('lossAlong', { ...point, ghostBatch: undefined });
    },
  );
}
