import type { Gpu } from '../../gpu/device.ts';
import { InputError } from '../../host/inputError.ts';
import { requireNumber } from '../../host/requireNumber.ts';
import { showValue } from '../../host/showValue.ts';
import { bufferLayout } from '../../nn/batchNorm.ts';
import { flatValues } from '../../nn/flatValues.ts';
import { parameterLayout } from '../../nn/forward.ts';
import { evaluatePoints } from './evaluatePoints.ts';
import {
  evenly,
  type LandscapeInput,
  type LandscapeProgress,
  type NamedWeights,
  requireHeld,
} from './landscapeInput.ts';
import type { Mark, PlaneResult, PlaneValues, PointValues } from './landscapeResult.ts';
import { placeInPlane, planeThrough } from './planeThrough.ts';

/** Which plane, and how much of it. */
export interface PlaneOptions {
  readonly through: readonly [NamedWeights, NamedWeights, NamedWeights];
  /** Further weights whose place is told, by name. */
  readonly mark: Readonly<Record<string, NamedWeights>>;
  /** Along x and y. */
  readonly points: readonly [number, number];
  /** How far the grid goes past solutions and marks on each side, in parts of their extent. */
  readonly margin: number;
}

/**
 * The loss over a grid of the plane through three solutions (Garipov et al. 2018, appendix; Izmailov et al. 2018, figure 3).
 * @throws InputError for solutions on one line, a mark with the name of one of them, a grid that is none, and for a batch that BatchNorm
 *   cannot have
 * @throws LimitError if one point does not fit on the adapter
 */
export async function* lossOnPlane(
  gpu: Gpu,
  input: LandscapeInput,
  { through, mark, points, margin }: PlaneOptions,
): AsyncGenerator<LandscapeProgress, PlaneResult, void> {
  requireNumber('landscape', 'margin', margin, { least: 0 });
  requireHeld('points', points);
  const layout = parameterLayout(input.model);
  const flat = ({ values }: NamedWeights): Float32Array => flatValues(layout, values);
  const solutions = through.map((each) => ({ name: each.name, values: flat(each) }));
  const plane = planeThrough(solutions);
  const marks = new Map<string, Mark>(
    plane.solutions.map((place, i) => [`${i + 1}`, { ...place, distance: 0 }]),
  );
  for (const [name, weights] of Object.entries(mark)) {
    if (name === '' || marks.has(name)) {
      const reason = `the name ${showValue(name)} is taken, expected another one than ${[...marks.keys()].join(', ')}`;
      throw new InputError('landscape', 'mark', name === '' ? 'has no name, expected name=file' : reason);
    }
    marks.set(name, placeInPlane(plane, flat(weights)));
  }
  const axis = (key: 'x' | 'y', count: number): number[] => {
    const places = [...marks.values()].map((place) => place[key]);
    const [low, high] = [Math.min(...places), Math.max(...places)];
    const beyond = margin * (high - low);
    return evenly('points', [low - beyond, high + beyond], count);
  };
  const [x, y] = [axis('x', points[0]), axis('y', points[1])];
  const { values, facts } = yield* evaluatePoints(gpu, input, {
    origin: solutions[0]!.values,
    spans: 1,
    directions: 2,
    vectors: () => [Float32Array.from(plane.u), Float32Array.from(plane.v)],
    coefficients: y.flatMap((along) => x.map((across) => [across, along])),
    statistics: [flatValues(bufferLayout(input.model), through[0].values)],
  });
  const rows = (key: keyof PointValues): PlaneValues =>
    y.map((_, j) => x.map((__, i) => values[0]![j * x.length + i]![key]));
  const classes = input.dataset.targets.kind === 'classes';
  const testClasses = input.test?.targets.kind === 'classes';
  return {
    kind: 'plane',
    x,
    y,
    ...facts,
    marks: Object.fromEntries(marks),
    loss: rows('loss'),
    accuracy: classes ? rows('accuracy') : null,
    testLoss: input.test ? rows('testLoss') : null,
    testAccuracy: testClasses ? rows('testAccuracy') : null,
  };
}
