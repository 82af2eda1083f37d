import { normalOf } from '../../random/normal.ts';
import { purpose } from '../../random/purpose.ts';
import { threefry2x32 } from '../../random/threefry.ts';
import type { CellEvidence } from '../experiment.ts';
import {
  type OptimumCell,
  type OptimumEvidence,
  type OptimumProtocol,
  optimumStudy,
  type Setting,
} from './optimumStudy.ts';

/**
 * Test accuracy, less that of the best B, at so many octaves from it: what the pilot's curves at ε = 0.2 and 0.4 had on average
 * (seeds 0 to 3, SwiftShader). Steep where noise keeps a net from learning, flat where it is too weak to keep it from learning wrong labels.
 */
const SHAPE = [
  [-4, -0.6],
  [-3, -0.5],
  [-2, -0.2],
  [-1, -0.035],
  [-0.5, -0.008],
  [0, 0],
  [0.5, -0.008],
  [1, -0.023],
  [2, -0.05],
  [3, -0.056],
  [5, -0.06],
] as const;

/** Of a unit's accuracy in the pilot: at all B, at one setting and B, and of one order. */
const SCATTER = { unit: 0.02, point: 0.011, order: 0.027 };
const BEST = { accuracy: 0.735, octave: Math.log2(7.5), lr: 0.2, examples: 1000 };

/** How planted curves lie: the octaves that the best B moves by for an octave of each, and what is left of the gain over large B. */
export interface PlantedCurves {
  readonly byRate: number;
  readonly bySize: number;
  readonly byMomentum: number;
  readonly gain: number;
}

/** What Smith & Le say. */
export const PREDICTED: PlantedCurves = { byRate: 1, bySize: 1, byMomentum: 1, gain: 1 };

/** Evidence of curves of the pilot's shape and scatter whose optimum moves as it is told. */
export function plantedCurves(
  curves: PlantedCurves,
  protocol: OptimumProtocol,
  seed: number,
): CellEvidence<OptimumCell, OptimumEvidence>[] {
  return optimumStudy.cells(protocol).map((cell) => ({
    cell,
    evidence: {
      units: Array.from({ length: cell.units }, (_, u) => {
        const unit = cell.unit + u;
        const own = SCATTER.unit * drawn(seed, unit, 0);
        const accuracy = cell.batches.map((batch, b) => {
          const place = 1 + 8 * b + 512 * settingNumber(cell);
          const point = expected(curves, cell, batch) + own + SCATTER.point * drawn(seed, unit, place);
          return Array.from({ length: cell.orders }, (_, o) =>
            Math.min(1, Math.max(0.1, point + SCATTER.order * drawn(seed, unit, place + 1 + o))),
          );
        });
        // Cross-entropy goes along with the share of wrong answers.
        const testLoss = accuracy.map((orders) => orders.map((share) => 3.7 * (1 - share)));
        return { seed: unit, accuracy, testLoss };
      }),
    },
  }));
}

function expected(curves: PlantedCurves, { lr, momentum, examples }: Setting, batch: number): number {
  const octaves =
    BEST.octave +
    curves.byRate * Math.log2(lr / BEST.lr) +
    curves.bySize * Math.log2(examples / BEST.examples) -
    curves.byMomentum * Math.log2(1 - momentum);
  const from = Math.log2(batch) - octaves;
  const loss = shapeAt(from);
  return BEST.accuracy + 0.1 * Math.log2(examples / BEST.examples) + (from > 0 ? curves.gain : 1) * loss;
}

/** Linear between the pilot's points. */
function shapeAt(octaves: number): number {
  const after = SHAPE.findIndex(([at]) => at >= octaves);
  if (after === -1) return SHAPE.at(-1)![1];
  if (after === 0) return SHAPE[0][1];
  const [[x0, y0], [x1, y1]] = [SHAPE[after - 1]!, SHAPE[after]!];
  return y0 + ((y1 - y0) * (octaves - x0)) / (x1 - x0);
}

/** A number of its own for a setting, so that alike ones have the same numbers in every claim. */
function settingNumber({ lr, momentum, examples }: Setting): number {
  return Math.round(1000 * lr) + 17 * Math.round(1000 * momentum) + 31 * examples;
}

function drawn(seed: number, unit: number, place: number): number {
  return normalOf(threefry2x32(seed, purpose.experimentPart, unit, place));
}
