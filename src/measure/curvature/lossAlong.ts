import { Scope } from '../../gpu/scope.ts';
import { byItself, type Measurement } from '../measurement.ts';
import { type ParameterVector, requireLayout } from '../parameterVector.ts';
import { requireUnits } from '../requireUnits.ts';
import { LossAlongLine } from './lossAlongLine.ts';

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
        const grid = { points: rates.length, lines: 1 };
        const line = scope.own(await LossAlongLine.open(gpu, point, grid));
        line.direction.copyFrom(d.state);
        line.setRates(rates);
        await line.run();
        return (await line.losses())[0]!;
      }),
    (point) => {
      requireLayout('lossAlong', point.layout, d);
      requireUnits('lossAlong', { ...point, ghostBatch: undefined });
    },
  );
}
