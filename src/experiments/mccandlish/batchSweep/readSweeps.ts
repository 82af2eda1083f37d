import type { CellEvidence } from '../../experiment.ts';
import { fitStepsLaw, type StepsAt, type StepsLaw } from './fitStepsLaw.ts';
import type { BatchSweepCell, BatchSweepEvidence, RateSteps, Task } from './study.ts';

/** All cells of the study. */
export type Sweeps = readonly CellEvidence<BatchSweepCell, BatchSweepEvidence>[];

/** The best of a batch size's grid. */
export interface Best {
  readonly batchSize: number;
  /** ε, and steps there; null where no rate came to the goal, or the best is the first or the last of the grid: then it is not known. */
  readonly lr: number | null;
  readonly steps: number | null;
}

/** The seeds of the units, in their order. */
export function unitsOf(found: Sweeps): number[] {
  return [...new Set(found.map(({ cell }) => cell.unit))];
}

/** The best of each batch size of a unit's sweep to one of its goals, by B. */
export function bestsOf(found: Sweeps, unit: number, task: Task, goal: number): Best[] {
  return found
    .filter(({ cell }) => cell.unit === unit && cell.task === task && cell.tuned)
    .map(({ cell, evidence }) => ({
      batchSize: cell.batchSize,
      ...bestRate(evidence.rates, cell.goals.indexOf(goal)),
    }));
}

/** Of the runs at one ε for all B. */
export function untunedOf(found: Sweeps, unit: number, goal: number): Best[] {
  return found
    .filter(({ cell }) => cell.unit === unit && !cell.tuned)
    .map(({ cell, evidence: { rates } }) => ({
      batchSize: cell.batchSize,
      lr: rates[0]!.lr,
      steps: rates[0]!.steps[cell.goals.indexOf(goal)] ?? null,
    }));
}

/**
 * Steps at the best ε, and that ε: the least of the parabola through the grid's best and its neighbours, in logarithms, no further than half
 * way to either; where a neighbour did not come to the goal, the grid's best itself.
 */
export function bestRate(
  rates: readonly RateSteps[],
  goal: number,
): { readonly lr: number | null; readonly steps: number | null } {
  const steps = rates.map((rate) => rate.steps[goal] ?? Number.POSITIVE_INFINITY);
  const at = steps.indexOf(Math.min(...steps));
  if (!Number.isFinite(steps[at]!) || at === 0 || at === rates.length - 1) return { lr: null, steps: null };
  const best = { lr: rates[at]!.lr, steps: steps[at]! };
  const [before, middle, after] = [-1, 0, 1].map((by) => Math.log(steps[at + by]!)) as [
    number,
    number,
    number,
  ];
  const curvature = before - 2 * middle + after;
  if (!(Number.isFinite(curvature) && curvature > 0)) return best;
  const shift = Math.max(-0.5, Math.min(0.5, (before - after) / (2 * curvature)));
  const spacing = Math.log(rates[at + 1]!.lr / rates[at]!.lr);
  return {
    lr: best.lr * Math.exp(shift * spacing),
    steps: Math.exp(middle + (shift * (after - before)) / 2 + (shift ** 2 * curvature) / 2),
  };
}

/** S = S_min(1 + B_crit/B) fitted to a sweep; null where a batch size has no best. */
export function lawOf(bests: readonly Best[]): StepsLaw | null {
  const known = bests.flatMap(({ batchSize, steps }): StepsAt[] =>
    steps === null ? [] : [{ batchSize, steps }],
  );
  return known.length < 3 || known.length < bests.length ? null : fitStepsLaw(known);
}

/** The mean over a unit's run of the largest batch up to a goal of a noise scale, which a step counts for as much as any other. */
export function meanAlong(
  found: Sweeps,
  unit: number,
  task: Task,
  goal: number,
  of: 'bSimple' | 'bNoise',
): number | null {
  const cell = found.find((each) => each.cell.unit === unit && each.cell.task === task && each.cell.noise);
  const values = (cell?.evidence.noise ?? []).flatMap((each) =>
    each.loss >= goal && each[of] !== null ? [each[of]] : [],
  );
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
