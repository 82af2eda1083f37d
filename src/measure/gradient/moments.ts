import { namedValues } from '../../nn/flatValues.ts';
import { alongGradient } from '../curvature/alongGradient.ts';
import { ask, type Measurement } from '../measurement.ts';
import { unitsOf } from '../pass.ts';
import { requireFiniteLosses } from '../requireFiniteLosses.ts';
import { hasUnits } from '../requireUnits.ts';

/** The gradients over a data set, by coordinate. */
export interface NamedMoments {
  /** [N], of examples also where a unit is a ghost batch. */
  readonly perExampleLoss: Float32Array;
  /** |gₙ|² [units]; null where BatchNorm in train mode couples the examples. */
  readonly perExampleGradNormSq: Float32Array | null;
  /** ḡ by parameter, row-major. */
  readonly mean: ReadonlyMap<string, Float32Array>;
  /** Σₙ (gₙ − ḡ)²/(N − 1) of every coordinate, by parameter; null where that is, and of one unit. */
  readonly variance: ReadonlyMap<string, Float32Array> | null;
  /** tr Σ, the sum of the variances of all coordinates; null where they are. Its error is `noise()`'s. */
  readonly traceCovariance: number | null;
}

/**
 * Mean and variance of every coordinate of the examples' (units') gradients, and each one's loss and norm, in one pass over the data and with
 * nothing of size N × P.
 * @throws InputError, when it is measured, for a loss that is not finite
 */
export function moments(): Measurement<NamedMoments> {
  return {
    async *over({ point }) {
      const { layout } = point;
      const units = unitsOf(point);
      const wanted = { units: hasUnits(point), hessian: false, covariance: false, dots: false };
      const { along } = yield* ask({ along: alongGradient(wanted) });
      requireFiniteLosses(point, along.perExampleLoss);
      const squares = units > 1 ? along.centredSquares : null;
      const variance = squares?.map((of) => of / (units - 1));
      return {
        perExampleLoss: along.perExampleLoss,
        perExampleGradNormSq: along.perExampleGradNormSq,
        mean: named(along.mean),
        variance: variance ? named(variance) : null,
        traceCovariance: squares ? squares.reduce((sum, of) => sum + of, 0) / (units - 1) : null,
      };

      function named(flat: Float32Array): ReadonlyMap<string, Float32Array> {
        return namedValues(layout, flat) as ReadonlyMap<string, Float32Array>;
      }
    },
  };
}
