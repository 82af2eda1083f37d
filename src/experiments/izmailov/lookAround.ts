import type { Gpu } from '../../gpu/device.ts';
import type { LandscapeInput, LandscapeProgress } from '../../measure/landscape/landscapeInput.ts';
import type { PointValues } from '../../measure/landscape/landscapeResult.ts';
import { lossOnLine } from '../../measure/landscape/line.ts';
import { lossOnPlane } from '../../measure/landscape/plane.ts';
import { lossOnRays } from '../../measure/landscape/rays.ts';
import { bufferLayout, initialStatistics } from '../../nn/batchNorm.ts';
import { namedValues } from '../../nn/flatValues.ts';
import { parameterLayout } from '../../nn/forward.ts';
import type { StateValues } from '../../nn/stateDict.ts';
import type { Along, PlaneEvidence } from './swaEvidence.ts';

type Looking<Found> = AsyncGenerator<LandscapeProgress, Found, void>;

/** Mean losses along random directions from a solution. @param radius of the last of three points, the first at 0 */
export async function* raysFrom(
  gpu: Gpu,
  input: LandscapeInput,
  weights: Float32Array,
  options: { rays: number; radius: number; seed: number; filterNormalised: boolean },
): Looking<Along[]> {
  const { result } = yield* lossOnRays(gpu, input, {
    ...options,
    weights: named(input, 'solution', weights),
    points: 3,
  });
  return result.mean.points.map(({ t, ...values }) => ({ t, ...required(values) }));
}

/** Losses from one solution at t = 0 to another at t = 1, and as far again beyond either. */
export async function* segmentBetween(
  gpu: Gpu,
  input: LandscapeInput,
  from: Float32Array,
  to: Float32Array,
): Looking<Along[]> {
  const { points } = yield* lossOnLine(gpu, input, {
    from: named(input, 'from', from),
    to: named(input, 'to', to),
    range: [-1, 2],
    points: 13,
    curved: false,
  });
  return points.map(({ t, ...values }) => ({ t, ...required(values) }));
}

/** Losses over the plane through three captures, and where others' projections lie in it. @param points along each side */
export async function* planeOf(
  gpu: Gpu,
  input: LandscapeInput,
  captures: readonly [Float32Array, Float32Array, Float32Array],
  marked: Readonly<Record<string, Float32Array>>,
  points: number,
): Looking<Omit<PlaneEvidence, 'corners' | 'centre'>> {
  const found = yield* lossOnPlane(gpu, input, {
    through: captures.map((weights, i) => named(input, `${i + 1}`, weights)) as never,
    mark: Object.fromEntries(
      Object.entries(marked).map(([name, weights]) => [name, named(input, name, weights)]),
    ),
    points: [points, points],
    margin: 0.3,
  });
  const grid = (of: readonly (readonly (number | null)[])[] | null): number[][] =>
    of!.map((row) => row.map((value) => finite(value)));
  return {
    x: found.x,
    y: found.y,
    trainLoss: grid(found.loss),
    testAccuracy: grid(found.testAccuracy),
    marks: Object.entries(found.marks).map(([name, { x, y }]) => ({ name, x, y })),
  };
}

/** Statistics are recomputed at each point: those that a state dict has to have are the first ones. */
function named({ model }: LandscapeInput, name: string, weights: Float32Array) {
  const values: StateValues = new Map([
    ...namedValues(parameterLayout(model), weights),
    ...namedValues(bufferLayout(model), initialStatistics(model)),
  ]);
  return { name, values };
}

function required({ loss, testLoss, testAccuracy }: PointValues): Omit<Along, 't'> {
  return {
    trainLoss: finite(loss),
    testLoss: finite(testLoss),
    testAccuracy: finite(testAccuracy),
  };
}

function finite(value: number | null): number {
  if (value === null) throw new Error('a loss near a solution is not finite');
  return value;
}
