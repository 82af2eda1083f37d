import {
  compareExactly,
  compareNumber,
  type Deviation,
  type Json,
  type Tensors,
  tolerances,
} from './deviation.ts';
import { displaced, dot, flatten, norm, parametersOf, under } from './flatVector.ts';

interface Point {
  readonly loss: number;
  readonly accuracy: number | null;
  readonly testLoss: number | null;
  readonly testAccuracy: number | null;
}
type LinePoint = Point & { readonly t: number };

export interface Model {
  readonly layers: readonly { readonly type: string }[];
}

/** Loss and accuracy at weights over the training or the test set, by another job. */
export type EvaluateAt = (weights: Tensors, test: boolean) => Promise<{ loss: number; accuracy?: number }>;

/** Coordinates, relative to their extent; distances, relative to |θ|. */
const COORDINATE = 1e-5;

/** A result of `basin landscape` against the expected one; of rays, against what their tensors say. */
export async function compareLandscape(
  result: Json,
  tensors: Tensors,
  expected: Json,
  spec: Json,
  model: Model,
  start: Tensors,
  evaluateAt: EvaluateAt,
): Promise<Deviation[]> {
  if (spec.kind === 'line') return compareLine(result.points, expected.points as LinePoint[]);
  if (spec.kind === 'plane') return comparePlane(result, expected);
  return compareRays(result, tensors, expected.start as Point, spec, model, start, evaluateAt);
}

function comparePoint(key: string, found: Point | undefined, wanted: Point): Deviation[] {
  return [
    compareNumber(`${key}.loss`, found?.loss, wanted.loss, tolerances.loss),
    compareNumber(`${key}.testLoss`, found?.testLoss ?? null, wanted.testLoss, tolerances.loss),
    compareNumber(`${key}.accuracy`, found?.accuracy ?? null, wanted.accuracy, 1e-6),
    compareNumber(`${key}.testAccuracy`, found?.testAccuracy ?? null, wanted.testAccuracy, 1e-6),
  ];
}

function compareLine(points: unknown, wanted: readonly LinePoint[]): Deviation[] {
  const found = (points ?? []) as LinePoint[];
  return [
    compareExactly('points', found.length, wanted.length),
    ...wanted.flatMap((point, i) => [
      compareNumber(`points.${i}.t`, found[i]?.t, point.t, COORDINATE, COORDINATE),
      ...comparePoint(`points.${i}`, found[i], point),
    ]),
  ];
}

function comparePlane(result: Json, expected: Json): Deviation[] {
  const axes = (['x', 'y'] as const).flatMap((axis) => {
    const wanted = expected[axis] as number[];
    const found = (result[axis] ?? []) as number[];
    const extent = wanted.at(-1)! - wanted[0]!;
    return [
      compareExactly(axis, found.length, wanted.length),
      ...wanted.map((at, i) => compareNumber(`${axis}.${i}`, found[i], at, 0, COORDINATE * extent)),
    ];
  });
  const marks = expected.marks as Record<string, Record<string, number>>;
  const found = (result.marks ?? {}) as Record<string, Json>;
  const most = Math.max(...Object.values(marks).flatMap(({ x, y }) => [Math.abs(x!), Math.abs(y!)]));
  const values = (['loss', 'accuracy', 'testLoss', 'testAccuracy'] as const).flatMap((key) => {
    const wanted = expected[key] as number[][] | null;
    const rows = result[key] as number[][] | null | undefined;
    if (wanted === null)
      return [compareExactly(key, rows?.flat().find((value) => value !== null) ?? null, null)];
    const tolerance = key.endsWith('oss') ? tolerances.loss : 1e-6;
    return [
      compareExactly(
        `${key}.rows`,
        rows?.map((row) => row.length),
        wanted.map((row) => row.length),
      ),
      ...wanted.flatMap((row, j) =>
        row.map((value, i) => compareNumber(`${key}.${j}.${i}`, rows?.[j]?.[i], value, tolerance)),
      ),
    ];
  });
  return [
    ...axes,
    compareExactly('marks', Object.keys(found).sort(), Object.keys(marks).sort()),
    ...Object.entries(marks).flatMap(([name, mark]) =>
      Object.entries(mark).map(([key, value]) =>
        compareNumber(`marks.${name}.${key}`, found[name]?.[key], value, COORDINATE, COORDINATE * most),
      ),
    ),
    ...values,
  ];
}

async function compareRays(
  result: Json,
  tensors: Tensors,
  wantedStart: Point,
  spec: Json,
  model: Model,
  start: Tensors,
  evaluateAt: EvaluateAt,
): Promise<Deviation[]> {
  const count = spec.rays as number;
  const points = spec.points as number;
  const radius = spec.radius as number;
  const rays = (result.rays ?? []) as { points: LinePoint[] }[];
  const mean = ((result.mean ?? {}) as { points?: LinePoint[] }).points ?? [];
  const theta = parametersOf(start);
  const names = [...theta.keys()];
  const deviations = [
    compareExactly(
      'rays',
      rays.map((ray) => ray.points.length),
      Array(count).fill(points),
    ),
    compareExactly('mean', mean.length, points),
    compareExactly(
      'tensor names',
      [...tensors.keys()].sort(),
      Array.from({ length: count }, (_, i) => names.map((name) => `ray.${i}.${name}`))
        .flat()
        .sort(),
    ),
  ];
  for (const [i, ray] of rays.entries()) {
    const direction = under(`ray.${i}.`, tensors);
    deviations.push(
      ...compareDirection(`ray.${i}`, direction, theta, spec.filter_normalised ? model : undefined),
    );
    deviations.push(...comparePoint(`rays.${i}.start`, ray.points[0], wantedStart));
    for (const [j, point] of ray.points.entries()) {
      deviations.push(
        compareNumber(
          `rays.${i}.${j}.t`,
          point.t,
          (radius * j) / (points - 1),
          COORDINATE,
          COORDINATE * radius,
        ),
      );
      if (j !== points - 1 && j !== 1) continue;
      const there = displaced(start, direction, point.t);
      const training = await evaluateAt(there, false);
      const test = spec.test ? await evaluateAt(there, true) : undefined;
      deviations.push(
        compareNumber(`rays.${i}.${j}.loss`, point.loss, training.loss, 2 * tolerances.loss),
        compareNumber(
          `rays.${i}.${j}.testLoss`,
          point.testLoss ?? null,
          test?.loss ?? null,
          2 * tolerances.loss,
        ),
      );
      // The pass that recomputes statistics tells no accuracy.
      if (training.accuracy !== undefined) {
        deviations.push(compareNumber(`rays.${i}.${j}.accuracy`, point.accuracy, training.accuracy, 1e-6));
      }
    }
  }
  const flat = rays.map((_, i) => flatten(under(`ray.${i}.`, tensors), names));
  for (let i = 1; i < flat.length; i++) {
    const [a, b] = [flat[i - 1]!, flat[i]!];
    const cosine = Math.abs(dot(a, b)) / (norm(a) * norm(b));
    // Of independent directions it has the standard deviation 1/√P.
    deviations.push({
      key: `ray.${i}.cosine`,
      ratio: (cosine * Math.sqrt(a.length)) / 5,
      detail: `${cosine} with the ray before it`,
    });
  }
  for (const [j, point] of mean.entries()) {
    const own = rays.map((ray) => ray.points[j]!.loss);
    const average = own.reduce((sum, value) => sum + value, 0) / own.length;
    deviations.push(compareNumber(`mean.${j}.loss`, point.loss, average, 1e-5));
  }
  return deviations;
}

/**
 * Unit length, every element drawn. With a model, of whose layers filters are, each has the length that the weights' has,
 * and biases and norm layers stay.
 */
function compareDirection(
  key: string,
  direction: Tensors,
  theta: Tensors,
  model: Model | undefined,
): Deviation[] {
  if (!model) {
    const d = flatten(direction, theta.keys());
    const largest = Math.max(...d.map(Math.abs)) * Math.sqrt(d.length);
    return [
      compareNumber(`${key}.norm`, norm(d), 1, 1e-5),
      {
        key: `${key}.elements`,
        ratio: d.includes(0) ? Infinity : largest / 6,
        detail: `largest ${largest}/√P`,
      },
    ];
  }
  return [...theta].flatMap(([name, { shape, data }]) => {
    const d = direction.get(name)?.data ?? new Float32Array();
    const [layer, parameter] = name.split('.');
    const filters = parameter === 'weight' && /^(Linear|Conv2d)$/.test(model.layers[Number(layer)]!.type);
    if (!filters)
      return [compareExactly(`${key}.${name}`, d.every((value) => value === 0) && d.length, data.length)];
    const size = data.length / shape[0]!;
    return Array.from({ length: shape[0]! }, (_, row) => {
      const part = (all: Float32Array) => [...all.subarray(row * size, (row + 1) * size)];
      return compareNumber(`${key}.${name}[${row}]`, norm(part(d)), norm(part(data)), 1e-4);
    });
  });
}
