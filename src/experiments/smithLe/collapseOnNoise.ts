import { pseudovalues } from '../../measure/statistics/pseudovalues.ts';
import { claim } from '../claim.ts';
import type { Measured } from '../verdict/measured.ts';
import { curvesAt, meanCurve, meanOf, type OptimumFound } from './batchCurves.ts';
import { meanPoints } from './movedOptimum.ts';
import {
  momentumSettings,
  type OptimumCell,
  type OptimumEvidence,
  type OptimumProtocol,
  optimumStudy,
  rateSettings,
  type Setting,
  sameSetting,
} from './optimumStudy.ts';
import { PREDICTED, plantedCurves } from './plantedCurves.ts';

/** Levels are compared as far as this below the best: what lies lower is divergence. */
const DROP = 0.06;
/** A level that fewer curves reach says nothing of their being one. */
const FEWEST = 3;

/** Noise of a run, g without N: the same for all curves here. */
const noiseOf = ({ lr, momentum }: Setting, batch: number): number => lr / (batch * (1 - momentum));

/** Curves of one N. */
function settings(protocol: OptimumProtocol): Setting[] {
  const momenta = momentumSettings(protocol);
  return [
    ...rateSettings(protocol),
    ...momenta.filter((one) => !rateSettings(protocol).some((other) => sameSetting(one, other))),
  ];
}

/**
 * Variance between mean curves at one level over the variance of the levels' means, by unit: 0 where curves are one.
 * @param level of a setting at a batch size; equal ones are compared
 */
function spreadRatio(
  found: OptimumFound,
  protocol: OptimumProtocol,
  level: (setting: Setting, batch: number) => number,
  drop = DROP,
): Measured {
  const curves = settings(protocol).map((setting) => ({ setting, of: curvesAt(found, setting) }));
  const levels = new Map<string, { curve: number; b: number }[]>();
  curves.forEach(({ setting }, curve) => {
    protocol.batches.forEach((batch, b) => {
      const key = level(setting, batch).toPrecision(6);
      levels.set(key, [...(levels.get(key) ?? []), { curve, b }]);
    });
  });
  const means = curves.map(({ of }) => meanCurve(of));
  const shared = [...levels.values()].filter((points) => points.length >= FEWEST);
  const heights = shared.map((points) => meanOf(points.map(({ curve, b }) => means[curve]![b] ?? 0)));
  const best = Math.max(...heights);
  const compared = shared.filter((_, i) => heights[i]! >= best - drop);
  const units = Math.min(...curves.map(({ of }) => of.length));
  const values = pseudovalues(units, (kept) => {
    if (compared.length < 2) return null;
    const of = curves.map((curve) => meanCurve(kept.map((u) => curve.of[u]!)));
    const rows = compared.map((points) => points.map(({ curve, b }) => of[curve]![b]!));
    if (rows.flat().some((value) => value === null)) return null;
    const between = meanOf(rows.map((row) => varianceOf(row as number[])));
    const across = varianceOf(rows.map((row) => meanOf(row as number[])));
    return between / across;
  });
  return { name: 'variance at equal g over that across g', values, margin: [null, 0.25] };
}

function varianceOf(values: readonly number[]): number {
  const middle = meanOf(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}

/** Test accuracy is a function of g (Smith & Le 2018, section 5). */
export const collapseOnNoise = claim<OptimumProtocol, OptimumCell, OptimumEvidence>({
  id: 'collapse-on-g',
  version: 1,
  paper: 'smith-le',
  statement: 'Test accuracy over batch size, learning rate and momentum is one curve over the noise scale g',
  source: 'Smith & Le 2018, section 5: equation 14 and figure 5b',
  population:
    'perceptrons 196-32-10 on 1,000 images of MNIST, pooled to 14², 40 % of the labels wrong, by SGD with ε from 0.1 to 0.8 or m from 0 to 0.875, for ε·updates/(1 − m) = 240',
  unit: 'a trunk with its own subset, wrong labels, initial weights and three orders, over which its accuracy is averaged',
  prediction:
    'accuracy depends on ε, B and m through g = εN/(B(1 − m)) alone: at equal g seven curves differ by no more than their orders do. A quarter of the variance ' +
    'across g is left for those, and is the most at which one would still draw one curve. A stronger test than where a flat peak lies',
  refutedBy: 'a ratio of the variances whose interval lies above 0.25',
  power: {
    pilot:
      'seeds 0 to 3, two orders: mean curves within 2 points of one another at equal g, across which they differ by 6; scatter of pseudovalues in curves planted with the pilot’s noise',
    scatter: 0.07,
    distance: 0.1,
    units: 16,
  },
  study: optimumStudy,
  effects: (found, protocol) => [spreadRatio(found, protocol, noiseOf)],
  controls: (found, protocol) => [
    {
      name: 'the same curves over B',
      removes: 'ε and m are left out of what is held equal',
      effects: [spreadRatio(found, protocol, (_, batch) => batch)],
    },
  ],
  sensitivity: (found, protocol) => [
    { name: 'levels within 10 % of the best', effects: [spreadRatio(found, protocol, noiseOf, 0.1)] },
    { name: 'levels within 25 % of the best', effects: [spreadRatio(found, protocol, noiseOf, 0.25)] },
  ],
  plantedAs: {
    effect: 'curves of the pilot’s shape and scatter whose best B is ∝ ε/(1 − m)',
    null: 'the same with a best B that does not move',
  },
  plant: (truth, protocol, seed) =>
    plantedCurves(
      truth === 'effect' ? PREDICTED : { ...PREDICTED, byRate: 0, byMomentum: 0 },
      protocol,
      seed,
    ),
  panels: (found, protocol) => {
    const marks = (x: (setting: Setting, batch: number) => number) =>
      settings(protocol).map((setting, colour) => ({
        mark: 'line' as const,
        name: `ε ${setting.lr}, m ${setting.momentum}`,
        look: { colour, marked: true },
        points: meanPoints(found, setting).flatMap((point, b) =>
          point ? [{ x: x(setting, protocol.batches[b]!), ...point }] : [],
        ),
      }));
    const y = { label: 'test accuracy, mean over units' };
    return [
      { title: 'Over B: many curves', x: { label: 'B', log: true }, y, marks: marks((_, batch) => batch) },
      {
        title: 'Over g: one curve',
        x: { label: 'g = εN/(B(1 − m))', log: true },
        y,
        marks: marks((setting, batch) => noiseOf(setting, batch) * setting.examples),
      },
    ];
  },
});
