import type { CellEvidence } from '../experiment.ts';
import { type OptimumCell, type OptimumEvidence, type Setting, sameSetting } from './optimumStudy.ts';

/** Cells of the study that are done. */
export type OptimumFound = readonly CellEvidence<OptimumCell, OptimumEvidence>[];

/** What is read of a run: a share of right answers, or the negative cross-entropy, so that more is better. */
export type Score = 'accuracy' | 'testLoss';

/** Curves of all units at one setting: [unit][B], the mean over a unit's orders that did not diverge; null where all did. */
export function curvesAt(
  found: OptimumFound,
  setting: Setting,
  score: Score = 'accuracy',
): (number | null)[][] {
  return found
    .filter(({ cell }) => sameSetting(cell, setting))
    .flatMap(({ evidence }) =>
      evidence.units.map((unit) =>
        unit[score].map((orders) => {
          const known = orders.flatMap((value) => (value === null ? [] : [value]));
          if (known.length === 0) return null;
          return (score === 'testLoss' ? -1 : 1) * meanOf(known);
        }),
      ),
    );
}

/** Mean over the units, by B; null where one of them has none. */
export function meanCurve(curves: readonly (readonly (number | null)[])[]): (number | null)[] {
  return (curves[0] ?? []).map((_, b) => {
    const values = curves.map((curve) => curve[b]!);
    return values.some((value) => value === null) ? null : meanOf(values as number[]);
  });
}

/** Places of B around the best of a mean curve that are at most `drop` below it, without a gap. */
export function windowOf(curve: readonly (number | null)[], drop: number): readonly number[] {
  const known = curve.map((value) => value ?? Number.NEGATIVE_INFINITY);
  const top = known.indexOf(Math.max(...known));
  const near = (b: number): boolean => known[b]! >= known[top]! - drop;
  let [from, to] = [top, top];
  while (from > 0 && near(from - 1)) from--;
  while (to < known.length - 1 && near(to + 1)) to++;
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
