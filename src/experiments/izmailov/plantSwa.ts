import { normalOf } from '../../random/normal.ts';
import { threefry2x32 } from '../../random/threefry.ts';
import { captureGeometry, meanOf } from './captureGeometry.ts';
import type { SolutionValues } from './solutions.ts';
import type { SwaUnits } from './swaEffects.ts';
import type { Along, PlaneEvidence, SwaEvidence } from './swaEvidence.ts';
import { BUDGETS } from './swaSchedules.ts';
import { type SwaCell, type SwaProtocol, swaStudy } from './swaStudy.ts';

/** What is known of planted evidence. */
export interface Planted {
  /** Share of the way from the minimum of the training loss to that of the test loss at which the captures have their centre; 1 where left out. */
  readonly centre?: number;
  /** Standard deviation of the captures over that of the pilot; 1 where left out. */
  readonly spread?: number;
  /** Curvature along random directions at SGD's end over that at the average; 1.4 where left out. */
  readonly width?: number;
  /** Points of accuracy that BatchNorm's pass is worth to an average; 15 where left out. */
  readonly pass?: number;
  /** Points of accuracy by which the ensemble is better than the average; 0 where left out. */
  readonly ensemble?: number;
  /** By which power of their distance the captures' mean answer leaves the average's; 2 where left out. */
  readonly power?: number;
}

/** Dimensions, and curvatures of the losses along them. */
const DIMENSIONS = 32;
const CURVATURE = Array.from({ length: DIMENSIONS }, (_, k) => 2 ** (-k / 8));
/** Of one capture along each direction. */
const SPREAD = 0.11;
/** Distance of the two losses' minima along each direction. */
const APART = 0.09;
/** Points of accuracy a unit of test loss, and what scatters of an accuracy from unit to unit for other reasons. */
const SLOPE = 30;
const SCATTER = 0.2;
const PURPOSE = 0x0003_0000;

/**
 * Evidence of the study by a quadratic whose truth is known: training and test loss ½(θ − θ*)ᵀH(θ − θ*) with minima apart; SGD ends at the
 * minimum of the training loss, captures scatter about their centre as at a constant ε, and averages, planes and segments are computed of them as they are of
 * weights. Widths along random directions, what BatchNorm's pass is worth and the ensemble are known numbers with scatter.
 */
export function plantSwa(planted: Planted, protocol: SwaProtocol, seed: number): SwaUnits {
  return swaStudy
    .cells({ ...protocol, seed: 0 })
    .map((cell, u) => ({ cell, evidence: plantUnit(planted, cell, draws(1000 * seed + u)) }));
}

type Draw = () => number;

function draws(seed: number): Draw {
  let n = 0;
  return () => normalOf(threefry2x32(seed, PURPOSE, n++, 0));
}

function plantUnit(planted: Planted, cell: SwaCell, draw: Draw): SwaEvidence {
  const { centre = 1, spread = 1, width = 1.4, pass = 15, ensemble = 0, power = 2 } = planted;
  const valuesAt = (theta: ArrayLike<number>): SolutionValues => {
    const [trainLoss, testLoss] = [0.3 + rise(theta, 0), 0.5 + rise(theta, APART)];
    const trainAccuracy = 0.9 - (SLOPE / 100) * (trainLoss - 0.3);
    return { trainLoss, trainAccuracy, testLoss, testAccuracy: accuracyOf(testLoss, draw) };
  };
  const cloud = (captures: number, scatter: number): Float32Array[] =>
    Array.from({ length: captures }, () =>
      Float32Array.from(CURVATURE, () => centre * APART + scatter * draw()),
    );
  const first = cell.steps / (4 * cell.cycle);
  const clouds = {
    constant: cloud(3 * first, spread * SPREAD),
    cyclic: cloud(3 * first, 0.95 * spread * SPREAD),
    still: cloud(first, 0.02 * SPREAD).map((each) => each.map((value) => value - centre * APART)),
  };
  const sgd = new Float32Array(DIMENSIONS);
  const last: Record<string, SolutionValues> = {};
  const averaged: Record<string, SolutionValues> = {};
  for (const [i, budget] of BUDGETS.entries()) {
    last[`sgd ${budget}`] = valuesAt(sgd.map(() => 0.004 * draw()));
    for (const arm of ['constant', 'cyclic'] as const) {
      averaged[`${arm} ${budget}`] = valuesAt(meanOf(clouds[arm].slice(0, (i + 1) * first)));
      last[`${arm} ${budget}`] = valuesAt(clouds[arm][(i + 1) * first - 1]!);
    }
  }
  averaged['still 1'] = valuesAt(meanOf(clouds.still));
  last['still 1'] = valuesAt(clouds.still.at(-1)!);
  const captures = Object.fromEntries(
    Object.entries(clouds).map(([arm, all]) => [arm, all.slice(0, first).slice(-6).map(valuesAt)]),
  );
  const geometry = Object.fromEntries(
    Object.entries(clouds).map(([arm, all]) => [arm, captureGeometry(all)]),
  );
  const worth = (points: number, of: SolutionValues): SolutionValues => ({
    ...of,
    testAccuracy: of.testAccuracy - (points * (1 + 0.15 * draw())) / 100,
  });
  const swa = averaged['constant 1']!;
  const plane: Record<string, PlaneEvidence> = {};
  const segment: Record<string, Along[]> = {};
  for (const arm of ['constant', 'still'] as const) {
    const mean = meanOf(clouds[arm].slice(0, first));
    const three = [clouds[arm][0]!, clouds[arm][1]!, clouds[arm][first - 1]!];
    const coarse = [-1, 0, 1];
    plane[arm] = {
      x: coarse,
      y: coarse,
      trainLoss: coarse.map((y) => coarse.map((x) => 0.3 + 0.05 * (x ** 2 + y ** 2))),
      testAccuracy: coarse.map((y) => coarse.map((x) => 0.8 - 0.02 * (x ** 2 + y ** 2))),
      marks: [
        { name: '1', x: -1, y: 0 },
        { name: '2', x: 0.5, y: 0.9 },
        { name: '3', x: 0.5, y: -0.9 },
        { name: 'average', x: 0, y: 0 },
      ],
      corners: three.map(valuesAt),
      centre: valuesAt(meanOf(three)),
    };
    segment[arm] = Array.from({ length: 13 }, (_, i) => {
      const t = -1 + i / 4;
      return { t, ...alongOf(valuesAt(mean.map((value) => (1 - t) * value))) };
    });
  }
  const ray = (radius: number, of: SolutionValues, curvature: number): Along[] => {
    const factor = curvature * Math.exp(0.08 * draw());
    return [0, 0.5, 1].map((share) => {
      const more = 0.2 * factor * share ** 2;
      const at = { ...of, trainLoss: of.trainLoss + more, testLoss: of.testLoss + more };
      return { t: share * radius, ...alongOf({ ...at, testAccuracy: of.testAccuracy - more / 4 }) };
    });
  };
  const rays = Object.fromEntries(
    (['uniform', 'filter'] as const).map((kind) => [
      kind,
      {
        'constant 1': ray(cell.radius, swa, 1),
        'sgd 1': ray(cell.radius, last['sgd 1']!, width),
        'still 1': ray(cell.radius, averaged['still 1']!, width),
      },
    ]),
  );
  return {
    last,
    averaged,
    captures,
    geometry,
    skipped: {
      initial: worth(pass, swa),
      running: worth(0.2, swa),
      last: worth(0.2, last['sgd 1']!),
    },
    ensemble: Object.fromEntries(
      Object.keys(clouds).map((arm) => [
        arm,
        {
          loss: averaged[`${arm} 1`]!.testLoss,
          accuracy: averaged[`${arm} 1`]!.testAccuracy + (ensemble + 0.2 * draw()) / 100,
        },
      ]),
    ),
    scaling: [0.125, 0.25, 0.5].map((scale) => ({
      scale,
      together: 0.02 * scale ** power * Math.exp(0.05 * draw()),
      alone: 0.05 * scale * Math.exp(0.05 * draw()),
    })),
    rays,
    plane,
    segment,
  };
}

function alongOf({ trainLoss, testLoss, testAccuracy }: SolutionValues): Omit<Along, 't'> {
  return { trainLoss, testLoss, testAccuracy };
}

/** ½(θ − θ*)ᵀH(θ − θ*) for a minimum as far along every direction. */
function rise(theta: ArrayLike<number>, minimum: number): number {
  let sum = 0;
  for (let k = 0; k < DIMENSIONS; k++) sum += 0.5 * CURVATURE[k]! * (theta[k]! - minimum) ** 2;
  return sum;
}

function accuracyOf(testLoss: number, draw: Draw): number {
  return 0.83 - ((testLoss - 0.5) * SLOPE + SCATTER * draw()) / 100;
}
