import type { Gpu } from '../../gpu/device.ts';
import type { Evaluator } from '../../measure/evaluation/evaluator.ts';
import type { StateValues } from '../../nn/stateDict.ts';
import { TrainingRun } from '../../train/trainingRun.ts';
import type { CellEvent } from '../experiment.ts';
import { ADAM, type GoalRun } from './trainToGoals.ts';
import type { UnitTask } from './unitTask.ts';

/** One run by Adam with PyTorch's defaults and a constant ε over shuffled epochs. */
export interface StepsRun {
  readonly task: Pick<UnitTask, 'model' | 'train' | 'test'>;
  readonly batchSize: number;
  readonly run: GoalRun;
  /** After how many steps, ascending. */
  readonly at: readonly number[];
}

/** What a run is after some of its steps. */
export interface AfterSteps {
  readonly step: number;
  readonly weights: StateValues;
  /** Over all examples. */
  readonly loss: number;
  readonly testAccuracy: number;
}

/**
 * Trains, and keeps the weights after some steps.
 * @throws Error where it diverges
 */
export async function* trainSteps(
  gpu: Gpu,
  { task, batchSize, run: { lr, seed, start }, at }: StepsRun,
): AsyncGenerator<CellEvent, AfterSteps[], void> {
  const total = at.at(-1)!;
  const run = await TrainingRun.open(gpu, {
    model: task.model,
    dataset: task.train,
    steps: total,
    batches: [{ fromStep: 0, batchSize }],
    sampling: 'shuffle',
    optimizer: { type: 'adam', amsgrad: false },
    recordEvery: total,
    replicas: [{ seed, settings: ADAM, rates: new Float32Array(total).fill(lr), weights: start }],
  });
  const evaluators: Evaluator[] = [];
  try {
    for (const dataset of [task.train, task.test]) evaluators.push(await run.evaluator(dataset));
    const [train, test] = evaluators as [Evaluator, Evaluator];
    const kept: AfterSteps[] = [];
    for (const step of at) {
      for await (const _ of run.steps(step)) {
        yield { type: 'progress', done: run.submitted, total, unit: 'steps' };
      }
      const { loss } = (await train.evaluate())[0]!;
      const { accuracy } = (await test.evaluate())[0]!;
      if (!Number.isFinite(loss)) throw new Error(`training with B = ${batchSize} diverged by step ${step}`);
      kept.push({ step, weights: await run.weights(0), loss, testAccuracy: accuracy! });
    }
    return kept;
  } finally {
    for (const evaluator of evaluators) evaluator.dispose();
    run.dispose();
  }
}
