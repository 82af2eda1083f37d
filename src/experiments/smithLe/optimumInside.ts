import { claim } from '../claim.ts';
import type { Measured } from '../verdict/measured.ts';
import { curvesAt, meanCurve, type OptimumFound } from './batchCurves.ts';
import { meanPoints } from './movedOptimum.ts';
import {
  type OptimumCell,
  type OptimumEvidence,
  type OptimumProtocol,
  optimumStudy,
  rateSettings,
} from './optimumStudy.ts';
import { PREDICTED, plantedCurves } from './plantedCurves.ts';

/** In points of accuracy. */
const MARGIN = [1, null] as const;

/**
 * What the best B that is no end of a row is ahead of its ends, in points, by unit. Which it is, the other units say: a unit that chose its
 * own would find a gain in noise.
 */
function gains(rows: readonly (readonly (number | null)[])[]): Measured[] {
  const ahead = (u: number, end: number): number | null => {
    const others = meanCurve(rows.filter((_, other) => other !== u)).map((value, b, all) =>
      value === null || b === 0 || b === all.length - 1 ? Number.NEGATIVE_INFINITY : value,
    );
    const best = Math.max(...others);
    const at = Number.isFinite(best) ? rows[u]![others.indexOf(best)]! : null;
    const there = rows[u]!.at(end) ?? null;
    // A run that diverged tells a tenth of the images right, as any guess does.
    return at === null ? null : 100 * (at - (there ?? 0.1));
  };
  return [
    {
      name: 'best B over the largest, points',
      values: rows.map((_, u) => ahead(u, -1)),
      margin: MARGIN,
    },
    {
      name: 'best B over the smallest, points',
      values: rows.map((_, u) => ahead(u, 0)),
      margin: MARGIN,
    },
  ];
}

/** Each unit's curve at ε of the study. */
function curves(found: OptimumFound, { lr, examples }: OptimumProtocol): (number | null)[][] {
  const at = found.some(({ cell }) => cell.lr === lr && cell.momentum === 0) ? lr : found[0]!.cell.lr;
  return curvesAt(found, { lr: at, momentum: 0, examples });
}

/** The same g at every ε: B grows with it, from that which is best at the study's ε. */
function alongEqualNoise(found: OptimumFound, protocol: OptimumProtocol): (number | null)[][] {
  const best = meanCurve(curves(found, protocol)).map((value) => value ?? 0);
  const batch = protocol.batches[best.indexOf(Math.max(...best))]!;
  const byRate = rateSettings(protocol).flatMap((setting) => {
    const b = protocol.batches.indexOf((batch * setting.lr) / protocol.lr);
    return b === -1 ? [] : [curvesAt(found, setting).map((curve) => curve[b]!)];
  });
  return (byRate[0] ?? []).map((_, u) => byRate.map((values) => values[u]!));
}

/** The best batch is neither the smallest nor the largest (Smith & Le 2018, figure 4). */
export const optimumInside = claim<OptimumProtocol, OptimumCell, OptimumEvidence>({
  id: 'optimum-batch-inside',
  version: 1,
  paper: 'smith-le',
  statement:
    'At a given learning rate and time of training, test accuracy has its maximum at a batch size between small and large',
  source: 'Smith & Le 2018, section 4 and figure 4',
  population:
    'perceptrons 196-32-10 on 1,000 images of MNIST, pooled to 14², 40 % of the labels wrong, by plain SGD at ε = 0.2 for ε·updates = 240, B from 2 to 128',
  unit: 'a trunk with its own subset, wrong labels, initial weights and three orders, over which its accuracy is averaged',
  prediction:
    'small g = εN/B learns wrong labels, large g learns nothing: accuracy at the best B, 8 or so, is above that at B = 2 and at B = 128. A gain of one point ' +
    'is the least that would make anyone choose B for it; the paper’s was about that',
  refutedBy: 'a gain over the smallest or the largest batch whose interval lies below one point',
  power: {
    pilot: 'seeds 0 to 3, two orders: 3.1 points over B = 64 and 18 over B = 2; of the former',
    scatter: 1.4,
    distance: 2.1,
    units: 16,
  },
  study: optimumStudy,
  effects: (found, protocol) => gains(curves(found, protocol)),
  controls: (found, protocol) => [
    {
      name: 'batches of equal noise',
      removes: 'ε grows with B, so that g is the same at all of them',
      effects: gains(alongEqualNoise(found, protocol)),
    },
  ],
  sensitivity: (found, protocol) => [
    {
      name: 'against one batch less at either end',
      effects: gains(curves(found, protocol).map((curve) => curve.slice(1, -1))),
    },
  ],
  plantedAs: {
    effect: 'curves of the pilot’s shape and scatter',
    null: 'the same with one point left of the gain over large batches, the end of the margin',
  },
  plant: (truth, protocol, seed) =>
    plantedCurves({ ...PREDICTED, gain: truth === 'effect' ? 1 : 0.01 / 0.058 }, protocol, seed),
  panels: (found, protocol) => [
    {
      title: 'Test accuracy over the batch size',
      x: { label: 'B', log: true },
      y: { label: 'test accuracy, mean over units' },
      marks: rateSettings(protocol).map((setting, colour) => ({
        mark: 'line',
        name: `ε ${setting.lr}`,
        look: { colour, marked: true, faint: setting.lr !== protocol.lr },
        points: meanPoints(found, setting).flatMap((point, b) =>
          point ? [{ x: protocol.batches[b]!, ...point }] : [],
        ),
      })),
    },
  ],
  tables: (found, protocol) => [
    {
      title: 'Test accuracy, mean over units, in %',
      columns: ['ε', ...protocol.batches.map((batch) => `B = ${batch}`)],
      rows: rateSettings(protocol).map((setting) => [
        setting.lr,
        ...meanCurve(curvesAt(found, setting)).map((value) =>
          value === null ? null : Number((100 * value).toFixed(1)),
        ),
      ]),
    },
  ],
});
