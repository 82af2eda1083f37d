import type { ContourPanel, Figure, Panel, Table } from '../../experiments/figure.ts';
import type {
  LandscapeResult,
  LineResult,
  PlaneResult,
  PointValues,
  RaysResult,
} from '../../measure/landscape/landscapeResult.ts';
import type { SharpnessResult } from '../../measure/sharpness/sharpnessResult.ts';
import { landscapeFigure } from '../../present/figures/landscapeFigure.ts';
import { sharpnessFigure } from '../../present/figures/sharpnessFigure.ts';
import type { Found } from './landscapeSession.ts';

type Row = readonly (string | number | null)[];

/** The figure of what was found. */
export function figureOf({ kind, result }: Found): Figure<Panel | ContourPanel> {
  return kind === 'sharpness'
    ? sharpnessFigure(result as SharpnessResult)
    : landscapeFigure(result as LandscapeResult);
}

/** The numbers of what was found. */
export function tablesOf({ kind, result }: Found): Table[] {
  if (kind === 'sharpness') return sharpnessTables(result as SharpnessResult);
  const landscape = result as LandscapeResult;
  if (landscape.kind === 'line') return [lineTable(landscape)];
  return [landscape.kind === 'plane' ? planeTable(landscape) : raysTable(landscape)];
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
    rows: Object.entries(marks).map(([name, { x, y, distance }]) => [name, x, y, distance]),
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

function sharpnessTables({ loss, gradNorm, keskar, sam, adaptive }: SharpnessResult): Table[] {
  return [
    {
      title: 'Keskar’s φ',
      columns: ['space', 'ε', 'φ', 'φ to first order', 'largest loss', 'evaluations', 'solver'],
      rows: keskar.map(({ subspace, epsilon, phi, phiFirstOrder, maximum, evaluations, solver }) => [
        subspace === null ? 'full' : `${subspace} dimensions`,
        epsilon,
        phi,
        phiFirstOrder,
        maximum,
        evaluations,
        solver,
      ]),
    },
    {
      title: 'At the weights',
      columns: ['quantity', 'value'],
      rows: [
        ['loss', loss],
        ['|∇f|', gradNorm],
        [`SAM, ρ = ${sam.rho}`, sam.value],
        [`ASAM, ρ = ${adaptive.rho}, η = ${adaptive.eta}`, adaptive.value],
      ],
    },
  ];
}
