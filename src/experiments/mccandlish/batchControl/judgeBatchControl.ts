import type { Effect } from '../../../measure/statistics/interval.ts';
import { studentIntervals } from '../../../measure/statistics/studentIntervals.ts';
import type { BatchFrom } from '../../../train/batchSizes.ts';
import type { Verdict } from '../../experiment.ts';

export type Arm = 'fixed' | 'controlled' | 'yoked' | 'reversed';

/** A run to the goal. */
export interface ArmRun {
  readonly arm: Arm;
  readonly factor: number;
  readonly seed: number;
  readonly steps: number | null;
  readonly examples: number | null;
  /** As they were used. */
  readonly batches: readonly BatchFrom[];
}

/** An arm at one ε, and where it is fixed at one B: its costs by seed. */
export interface ArmCosts {
  readonly arm: Arm;
  /** Of a fixed arm. */
  readonly batchSize: number | null;
  readonly factor: number;
  readonly steps: number;
  readonly examples: number;
  /** S + E/r of each seed; infinite where a run did not come to its goal. */
  readonly costs: readonly number[];
  /** Whether a better ε, or B, may lie beyond the grid. */
  readonly atEdge: boolean;
}

export interface BatchControlOutcome {
  /** The best of each arm, of fixed ones by B. */
  readonly arms: readonly ArmCosts[];
  readonly best: ArmCosts;
  readonly controlled: ArmCosts;
  /** Cost of the controlled arm over others': geometric means. */
  readonly overFixed: Effect;
  readonly overYoked: Effect;
  readonly overReversed: Effect;
  /** B over the steps of each seed's controlled run. */
  readonly schedules: readonly {
    readonly seed: number;
    readonly batches: readonly BatchFrom[];
    readonly steps: number | null;
  }[];
  readonly verdict: Verdict;
  readonly reason: string;
}

/** @param examplesPerStep r @param margin below which a cost is less by as much as the claim says */
export function judgeBatchControl(
  runs: readonly ArmRun[],
  examplesPerStep: number,
  margin: number,
): BatchControlOutcome {
  const groups = new Map<string, ArmRun[]>();
  for (const run of runs) {
    const key = `${run.arm} ${sizeOf(run)}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const arms = [...groups.values()].map((group) => bestFactor(group, examplesPerStep));
  const fixed = arms.filter(({ arm }) => arm === 'fixed');
  const best = cheapest(fixed);
  const sizes = fixed.map(({ batchSize }) => batchSize!);
  const bestAtEdge = best.batchSize === Math.min(...sizes) || best.batchSize === Math.max(...sizes);
  const [controlled, yoked, reversed] = (['controlled', 'yoked', 'reversed'] as const).map(
    (name) => arms.find(({ arm }) => arm === name)!,
  ) as [ArmCosts, ArmCosts, ArmCosts];
  const overFixed = costRatio(controlled, best);
  const overYoked = costRatio(controlled, yoked);
  const [fixedHigh, yokedHigh] = [overFixed, overYoked].map(
    ({ interval }) => interval[1] ?? Number.POSITIVE_INFINITY,
  );
  const [fixedLow, yokedLow] = [overFixed, overYoked].map(({ interval }) => interval[0] ?? 0);
  const edge = bestAtEdge || best.atEdge || controlled.atEdge;
  const lower = fixedHigh! < 1 && yokedHigh! < 1;
  const same = fixedLow! > margin || yokedLow! > margin;
  const verdict: Verdict = edge
    ? 'inconclusive'
    : lower
      ? 'reproduced'
      : same
        ? 'not reproduced'
        : 'inconclusive';
  const show = ({ value, interval: [low, high] }: Effect): string =>
    `${value.toFixed(2)} [${low === null ? '0' : low.toFixed(2)}, ${high === null ? '∞' : high.toFixed(2)}]`;
  const found = `the controlled run costs ${show(overFixed)} of the best fixed batch (B = ${best.batchSize}) and ${show(overYoked)} of a yoked one`;
  return {
    arms,
    best,
    controlled,
    overFixed,
    overYoked,
    overReversed: costRatio(controlled, reversed),
    schedules: runs
      .filter(({ arm, factor }) => arm === 'controlled' && factor === controlled.factor)
      .map(({ seed, batches, steps }) => ({ seed, batches, steps })),
    verdict,
    reason: edge ? `${found}, but an arm's best lies at the edge of its grid` : found,
  };
}

function sizeOf({ arm, batches }: ArmRun): number | null {
  return arm === 'fixed' ? batches[0]!.batchSize : null;
}

/** An arm at the factor of ε of which its mean log cost is least. */
function bestFactor(group: readonly ArmRun[], examplesPerStep: number): ArmCosts {
  const factors = [...new Set(group.map(({ factor }) => factor))].sort((a, b) => a - b);
  const at = factors.map((factor): ArmCosts => {
    const runs = group.filter((run) => run.factor === factor).sort((a, b) => a.seed - b.seed);
    const number = (value: number | null): number => value ?? Number.POSITIVE_INFINITY;
    return {
      arm: runs[0]!.arm,
      batchSize: sizeOf(runs[0]!),
      factor,
      steps: geometricMean(runs.map(({ steps }) => number(steps))),
      examples: geometricMean(runs.map(({ examples }) => number(examples))),
      costs: runs.map(({ steps, examples }) => number(steps) + number(examples) / examplesPerStep),
      atEdge: factors.length > 1 && (factor === factors[0] || factor === factors.at(-1)),
    };
  });
  return cheapest(at);
}

function cheapest(arms: readonly ArmCosts[]): ArmCosts {
  return arms.reduce((best, arm) => (geometricMean(arm.costs) < geometricMean(best.costs) ? arm : best));
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** The geometric mean of a/b over the seeds, which they share. */
function costRatio(a: ArmCosts, b: ArmCosts): Effect {
  const { value, interval } = studentIntervals([a.costs.map((cost, i) => Math.log(cost / b.costs[i]!))])[0]!;
  return { value: Math.exp(value), interval: [expOrOpen(interval[0]), expOrOpen(interval[1])] };
}

function expOrOpen(end: number | null): number | null {
  return end === null ? null : Math.exp(end);
}
