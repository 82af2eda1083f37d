import type { Table } from '../../experiments/figure.ts';
import type {
  LandscapeResult,
  LineResult,
  PlaneResult,
  PointValues,
  RaysResult,
} from '../../measure/landscape/landscapeResult.ts';
import { markTitle } from '../../present/figures/planeFigure.ts';

type Row = readonly (string | number | null)[];

/** The numbers of a landscape. */
export function tableOf(result: LandscapeResult): Table {
  if (result.kind === 'line') return lineTable(result);
  return result.kind === 'plane' ? planeTable(result) : raysTable(result);
}
const VALUES = ['loss', 'accuracy (%)', 'test loss', 'test accuracy (%)'];

function valuesOf({ loss, accuracy, testLoss, testAccuracy }: PointValues): Row {
  return [loss, percent(accuracy), testLoss, percent(testAccuracy)];
}

function percent(share: number | null): number | null {
  return share === null ? null : 100 * share;
}

function lineTable({ points, distance }: LineResult): Table {
  return {
    title: `Along the line; t = 1 is ${distance.toPrecision(4)} from t = 0`,
    columns: ['t', ...VALUES],
    rows: points.map((point) => [point.t, ...valuesOf(point)]),
  };
}

function planeTable({ marks }: PlaneResult): Table {
  return {
    title: 'Where the weights are, in units of θ',
    columns: ['weights', 'x', 'y', 'distance from the plane'],
    rows: Object.entries(marks).map(([name, { x, y, distance }]) => [markTitle(name), x, y, distance]),
  };
}

function raysTable({ mean, rays }: RaysResult): Table {
  return {
    title: `Mean over ${rays.length} ${rays.length === 1 ? 'ray' : 'rays'}, with standard errors`,
    columns: ['t', ...VALUES.flatMap((name) => [name, '±'])],
    rows: mean.points.map((point) => {
      const errors = [
        point.lossStderr,
        percent(point.accuracyStderr),
        point.testLossStderr,
        percent(point.testAccuracyStderr),
      ];
      return [point.t, ...valuesOf(point).flatMap((value, i) => [value, errors[i]!])];
    }),
  };
}
