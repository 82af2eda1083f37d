import { firstExamples } from '../../data/firstExamples.ts';
import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { initialStateDict } from '../../nn/init.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import { TrainingRun } from '../../train/trainingRun.ts';
import type { Trunk } from '../sgdTrunk.ts';

/** Runs of plain SGD with batches of one size, side by side. */
export interface GoalRuns {
  readonly batchSize: number;
  /** ε and seed of each: initial weights and order follow from the seed. */
  readonly runs: readonly { readonly rate: number; readonly seed: number }[];
  /** Of the training loss over the first so many examples. */
  readonly goal: number;
  readonly evaluated: number;
  /** Steps after which they end. */
  readonly most: number;
  /** Whether no more is wanted, by the steps that runs took to the goal so far; all of them where left out. */
  readonly enough?: (reached: readonly (number | null)[]) => boolean;
}

/** How much later the next look at the loss is than the last one. */
const LOOKS = 1.04;

/** @param steps of the run @param trunk a perceptron, whose steps are all taken op by op: one way of all batch sizes */
export function openGoalRuns(
  gpu: Gpu,
  { model, dataset }: Trunk,
  { batchSize, runs }: Pick<GoalRuns, 'batchSize' | 'runs'>,
  steps: number,
): Promise<TrainingRun> {
  return TrainingRun.open(gpu, {
    model,
    dataset,
    steps,
    batches: [{ fromStep: 0, batchSize }],
    sampling: 'shuffle',
    recordEvery: 0,
    wholeFrom: Number.POSITIVE_INFINITY,
    replicas: runs.map(({ rate, seed }) => ({
      seed: deriveSeed(seed, 'order'),
      settings: { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
      rates: new Float32Array(steps).fill(rate),
      weights: new Map(
        [...initialStateDict(model, deriveSeed(seed, 'init'))].map(([name, { data }]) => [name, data]),
      ),
    })),
  });
}

/**
 * Steps that runs take to a goal, by the logarithm of the loss between two looks; null for those that do not come to it. Looks are at steps that grow
 * by a factor. Yields how many steps are done.
 */
export async function* stepsToGoal(
  gpu: Gpu,
  trunk: Trunk,
  of: GoalRuns,
): AsyncGenerator<number, (number | null)[], void> {
  const { goal, evaluated, most, enough } = of;
  const scope = new Scope();
  try {
    const run = scope.own(await openGoalRuns(gpu, trunk, of, most));
    const evaluator = scope.own(await run.evaluator(firstExamples(trunk.dataset, evaluated)));
    const found: (number | null)[] = of.runs.map(() => null);
    const before: { steps: number; loss: number }[] = [];
    for (;;) {
      const losses = await evaluator.evaluate();
      for (const [r, { loss }] of losses.entries()) {
        found[r] ??= crossing(before[r], { steps: run.submitted, loss }, goal);
        before[r] = { steps: run.submitted, loss };
      }
      const open = found.some((steps, r) => steps === null && Number.isFinite(before[r]!.loss));
      if (!open || run.submitted >= most || enough?.(found)) return found;
      const next = Math.min(most, Math.max(run.submitted + 1, Math.round(LOOKS * run.submitted)));
      for await (const _ of run.steps(next));
      yield run.submitted;
    }
  } finally {
    scope.dispose();
  }
}

/** Where a loss came down to the goal, or null where it did not. */
function crossing(
  before: { readonly steps: number; readonly loss: number } | undefined,
  now: { readonly steps: number; readonly loss: number },
  goal: number,
): number | null {
  if (!(now.loss <= goal)) return null;
  if (!before || !(before.loss > goal)) return now.steps;
  const share = Math.log(before.loss / goal) / Math.log(before.loss / now.loss);
  return before.steps + (now.steps - before.steps) * share;
}
