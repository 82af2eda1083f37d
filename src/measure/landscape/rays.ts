import type { Gpu } from '../../gpu/device.ts';
import { InputError } from '../../host/inputError.ts';
import { requireCount, requireNumber, requireSeed } from '../../host/requireNumber.ts';
import { bufferLayout } from '../../nn/batchNorm.ts';
import { flatValues } from '../../nn/flatValues.ts';
import { parameterLayout } from '../../nn/forward.ts';
import { estimateFrom } from '../statistics/estimate.ts';
import { evaluatePoints } from './evaluatePoints.ts';
import {
  evenly,
  type LandscapeInput,
  type LandscapeProgress,
  type NamedWeights,
  requireHeld,
} from './landscapeInput.ts';
import type { LinePoint, MeanPoint, PointValues, RaysResult } from './landscapeResult.ts';
import { rayDirection } from './rayDirection.ts';

/** Numbers of all directions at most, which the host holds: a gibibyte. */
const MOST_NUMBERS = 2 ** 28;

/** Which rays, and how far along them. */
export interface RaysOptions {
  readonly weights: NamedWeights;
  /** How many. */
  readonly rays: number;
  /** The largest t; the smallest is 0. */
  readonly radius: number;
  /** Of each ray, ends included. */
  readonly points: number;
  /** Of the directions: ray i of a seed is the same however many there are. */
  readonly seed: number;
  readonly filterNormalised: boolean;
}

/** What rays find, and along what: a direction a ray, flat [P]. */
export interface RaysFound {
  readonly result: RaysResult;
  readonly directions: readonly Float32Array[];
}

/**
 * The loss along random rays from a solution: uniform on the unit sphere (Izmailov et al. 2018, figure 4), or filter-normalised (Li et al. 2018).
 * @throws InputError for settings that are none, and for a batch that BatchNorm cannot have
 * @throws LimitError if one point does not fit on the adapter
 */
export async function* lossOnRays(
  gpu: Gpu,
  input: LandscapeInput,
  { weights, rays, radius, points, seed, filterNormalised }: RaysOptions,
): AsyncGenerator<LandscapeProgress, RaysFound, void> {
  requireCount('landscape', 'rays', rays, 1);
  requireNumber('landscape', 'radius', radius, { above: 0 });
  requireSeed('landscape', 'seed', seed);
  requireHeld('rays', [rays, points]);
  const at = evenly('points', [0, radius], points);
  const { length } = parameterLayout(input.model);
  if (rays * length > MOST_NUMBERS) {
    const most = Math.floor(MOST_NUMBERS / length);
    const reason = `is ${rays}, directions of ${length} numbers each, expected at most ${most} of them`;
    throw new InputError('landscape', 'rays', reason);
  }
  const origin = flatValues(parameterLayout(input.model), weights.values);
  const directions = Array.from({ length: rays }, (_, ray) =>
    rayDirection(input.model, origin, { seed, ray, filterNormalised }),
  );
  if (directions.some((direction) => direction.every((value) => value === 0))) {
    const reason = 'every direction is 0, since no Linear or Conv2d has a weight that is not';
    throw new InputError('landscape', 'filter-normalised', reason);
  }
  const { values, facts } = yield* evaluatePoints(gpu, input, {
    origin,
    spans: rays,
    directions: 1,
    vectors: (ray) => [directions[ray]!],
    coefficients: at.map((t) => [t]),
    statistics: [flatValues(bufferLayout(input.model), weights.values)],
  });
  const found = values.map((ray) => ray.map((each, i): LinePoint => ({ t: at[i]!, ...each })));
  return {
    directions,
    result: {
      kind: 'rays',
      filterNormalised,
      radius,
      seed,
      ...facts,
      rays: found.map((each) => ({ points: each })),
      mean: {
        points: at.map((t, i) =>
          meanOf(
            t,
            values.map((ray) => ray[i]!),
          ),
        ),
      },
    },
  };
}

/** The mean over rays, which are independent, and its standard error. */
function meanOf(t: number, of: readonly PointValues[]): MeanPoint {
  const mean = (key: keyof PointValues): { value: number | null; stderr: number | null } => {
    const values = of.map((each) => each[key]).filter((value) => value !== null);
    return values.length < of.length ? { value: null, stderr: null } : estimateFrom(values);
  };
  const [loss, accuracy] = [mean('loss'), mean('accuracy')];
  const [testLoss, testAccuracy] = [mean('testLoss'), mean('testAccuracy')];
  return {
    t,
    loss: loss.value,
    accuracy: accuracy.value,
    testLoss: testLoss.value,
    testAccuracy: testAccuracy.value,
    lossStderr: loss.stderr,
    accuracyStderr: accuracy.stderr,
    testLossStderr: testLoss.stderr,
    testAccuracyStderr: testAccuracy.stderr,
  };
}
