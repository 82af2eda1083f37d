import type { Dataset } from '../../data/dataset.ts';
import type { Gpu } from '../../gpu/device.ts';
import { initialStateDict } from '../../nn/init.ts';
import type { ModelSpec } from '../../nn/modelSpec.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import type { RunState } from '../../train/snapshot.ts';
import { TrainingRun } from '../../train/trainingRun.ts';
import { pickReplicas } from './pickReplicas.ts';
import {
  ARMS,
  type Arm,
  allSteps,
  armRates,
  BUDGETS,
  type Budget,
  type Rates,
  trunkSteps,
} from './swaSchedules.ts';

/** A trunk and its arms. */
export interface ArmsOf {
  readonly model: ModelSpec;
  readonly train: Dataset;
  readonly budget: Budget;
  readonly rates: Rates;
  readonly batchSize: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** Pixels by which images are shifted at most. */
  readonly shift: number;
  /** Of the unit: initial weights, order and augmentation follow from it. */
  readonly seed: number;
}

/** Weights that were found, flat as the model's parameters are. */
export interface ArmWeights {
  /** After budget b: of an SGD arm at its own, of the others at each, by `constant 1`. */
  readonly last: ReadonlyMap<string, Float32Array>;
  /** Averages of the captures so far. */
  readonly averaged: ReadonlyMap<string, Float32Array>;
  /** BatchNorm's running statistics of the last weights. */
  readonly statistics: ReadonlyMap<string, Float32Array>;
  /** After each cycle behind the trunk, of the arms that are averaged. */
  readonly captures: ReadonlyMap<Arm, readonly Float32Array[]>;
}

/** Those of the arms that go on after each budget. */
const GOING_ON: readonly (readonly Arm[])[] = [
  ARMS,
  ['constant', 'cyclic', 'sgd 1.25', 'sgd 1.5'],
  ['constant', 'cyclic', 'sgd 1.5'],
];
const CAPTURED = ['constant', 'cyclic', 'still'] as const;

/**
 * Trains the trunk, and from its state with momentum, place in the order and all, the arms: replicas of one program, those that are at their
 * end left out. Yields how many steps of all are done.
 */
export async function* trainArms(
  gpu: Gpu,
  of: ArmsOf,
): AsyncGenerator<{ readonly done: number; readonly total: number }, ArmWeights, void> {
  const { budget } = of;
  const last = new Map<string, Float32Array>();
  const averaged = new Map<string, Float32Array>();
  const statistics = new Map<string, Float32Array>();
  const captures = new Map(CAPTURED.map((arm) => [arm as Arm, [] as Float32Array[]]));
  const total = allSteps(budget);
  let state: RunState | null = null;
  let before: readonly Arm[] = [];
  const stages = [
    { arms: ['sgd 1'] as readonly Arm[], until: trunkSteps(budget) },
    ...BUDGETS.map((b, i) => ({ arms: GOING_ON[i]!, until: b * budget.steps })),
  ];
  for (const [stage, { arms, until }] of stages.entries()) {
    const run: TrainingRun = await open(gpu, of, arms);
    try {
      if (state) {
        const parents = arms.map((arm) => (stage === 1 ? 0 : before.indexOf(arm)));
        run.restore('the trunk', pickReplicas(state, parents));
      }
      while (run.submitted < until) {
        for await (const _ of run.steps(Math.min(until, run.submitted + budget.cycle)));
        yield { done: run.submitted, total };
        if (stage === 0) continue;
        for (const [arm, into] of captures) {
          if (arms.includes(arm)) into.push(await run.theta.read(arms.indexOf(arm)));
        }
      }
      if (stage > 0) {
        await run.finishAverage({ statistics: false });
        const b = BUDGETS[stage - 1]!;
        for (const [r, arm] of arms.entries()) {
          const name = arm.startsWith('sgd') ? arm : `${arm} ${b}`;
          last.set(name, await run.theta.read(r));
          averaged.set(name, await run.averaged!.read(r));
          statistics.set(name, await run.buffers!.read(r));
        }
      }
      state = await run.snapshot();
      before = arms;
    } finally {
      run.dispose();
    }
  }
  return { last, averaged, statistics, captures };
}

function open(gpu: Gpu, of: ArmsOf, arms: readonly Arm[]): Promise<TrainingRun> {
  const { model, train, budget, rates, batchSize, momentum, weightDecay, shift, seed } = of;
  const initial = initialStateDict(model, deriveSeed(seed, 'init'));
  const weights = new Map([...initial].map(([name, { data }]) => [name, data]));
  return TrainingRun.open(gpu, {
    model,
    dataset: train,
    augmentation: { image: train.exampleShape as [number, number, number], shift, flip: false },
    steps: allSteps(budget),
    batches: [{ fromStep: 0, batchSize }],
    sampling: 'shuffle',
    averaging: { kind: 'swa', start: trunkSteps(budget) + budget.cycle, every: budget.cycle },
    recordEvery: 0,
    replicas: arms.map((arm) => ({
      seed: deriveSeed(seed, 'order'),
      dataSeed: deriveSeed(seed, 'data'),
      settings: { momentum, dampening: 0, weightDecay, nesterov: false },
      rates: armRates(arm, budget, rates),
      weights,
    })),
  });
}
