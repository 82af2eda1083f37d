import type { Gpu } from '../../gpu/device.ts';
import type { Evaluation, Evaluator } from '../../measure/evaluation/evaluator.ts';
import type { StateValues } from '../../nn/stateDict.ts';
import { type Replica, TrainingRun } from '../../train/trainingRun.ts';
import type { CellEvent } from '../experiment.ts';
import type { UnitTask } from './unitTask.ts';

/** A run: where it starts from, by which ε and in which order of examples it goes. */
export interface GoalRun {
  readonly lr: number;
  /** Of the order. */
  readonly seed: number;
  readonly start: StateValues;
}

/** Runs of one program, by Adam with PyTorch's defaults and a constant ε over shuffled epochs. */
export interface GoalRuns {
  readonly task: Omit<UnitTask, 'start'>;
  readonly batchSize: number;
  readonly runs: readonly GoalRun[];
  /** Training losses, over all examples. */
  readonly goals: readonly number[];
  /** Steps between two looks at the training loss, and at the most. */
  readonly lookEvery: number;
  readonly most: number;
  /** How progress calls them. */
  readonly name: string;
}

/** Weights whose training loss is a goal's. */
export interface Solution {
  readonly step: number;
  readonly loss: number;
  readonly weights: StateValues;
  /** Over the parts of the test part. */
  readonly validation: Evaluation;
  readonly test: Evaluation;
}

/** A solution's loss is this share of its goal, at the least: what dips below between two looks is another loss. */
export const LEAST_OF_GOAL = 0.75;

/** β, its constant and no decay, as torch.optim.Adam has them. */
export const ADAM: Replica['settings'] = { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 };

/**
 * Trains until each run has been at each goal: the first look at which its training loss lies within [0.75, 1] of the goal. So
 * solutions of different batches are compared at one loss, whatever their noise.
 * @returns by run and goal; null where a run did not come there, or diverged
 */
export async function* trainToGoals(
  gpu: Gpu,
  { task, batchSize, runs, goals, lookEvery, most, name }: GoalRuns,
): AsyncGenerator<CellEvent, (Solution | null)[][], void> {
  const run = await TrainingRun.open(gpu, {
    model: task.model,
    dataset: task.train,
    steps: most,
    batches: [{ fromStep: 0, batchSize }],
    sampling: 'shuffle',
    optimizer: { type: 'adam', amsgrad: false },
    recordEvery: lookEvery,
    replicas: runs.map(({ lr, seed, start }) => ({
      seed,
      settings: ADAM,
      rates: new Float32Array(most).fill(lr),
      weights: start,
    })),
  });
  const found: (Solution | null)[][] = runs.map(() => goals.map(() => null));
  const evaluators: Evaluator[] = [];
  try {
    for (const dataset of [task.train, task.validation, task.test])
      evaluators.push(await run.evaluator(dataset));
    const [train, validation, test] = evaluators as [Evaluator, Evaluator, Evaluator];
    for (let step = lookEvery; step <= most && found.some((each) => each.includes(null)); step += lookEvery) {
      for await (const _ of run.steps(step))
        yield { type: 'progress', done: run.submitted, total: most, unit: 'steps' };
      if (run.stopped) break;
      const losses = (await train.evaluate()).map(({ loss }) => loss);
      const due = losses.map((loss, r) =>
        goals.map((goal, g) => found[r]![g] === null && loss <= goal && loss >= LEAST_OF_GOAL * goal),
      );
      const there = due.some((each) => each.includes(true));
      const [validations, tests] = there ? [await validation.evaluate(), await test.evaluate()] : [[], []];
      for (const [r, loss] of losses.entries()) {
        yield { type: 'series', chart: TRAINING_CHART, curve: `${name}, run ${r + 1}`, x: step, y: loss };
        if (!due[r]!.includes(true)) continue;
        const weights = await run.weights(r);
        const solution = { step, loss, weights, validation: validations[r]!, test: tests[r]! };
        due[r]!.forEach((is, g) => {
          if (is) found[r]![g] = solution;
        });
      }
    }
  } finally {
    for (const evaluator of evaluators) evaluator.dispose();
    run.dispose();
  }
  return found;
}

/** The chart of what is told on the way. */
export const TRAINING_CHART = 'Training loss';
