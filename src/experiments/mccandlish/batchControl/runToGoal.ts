import { firstExamples } from '../../../data/firstExamples.ts';
import type { Gpu } from '../../../gpu/device.ts';
import { Scope } from '../../../gpu/scope.ts';
import { noiseScaleInstrument } from '../../../measure/gradient/noiseScaleInstrument.ts';
import { initialStateDict } from '../../../nn/init.ts';
import type { BatchControl } from '../../../train/batchController.ts';
import type { BatchFrom } from '../../../train/batchSizes.ts';
import { TrainingRun } from '../../../train/trainingRun.ts';
import type { Trunk } from '../../sgdTrunk.ts';
import type { BatchControlProtocol } from './protocol.ts';

/** Runs of one program, as they are given. */
export interface GoalRuns {
  readonly seeds: readonly number[];
  /** ε of each run's steps. */
  readonly rates: readonly Float32Array[];
  readonly batches: readonly BatchFrom[];
  readonly control?: BatchControl;
}

/** What a run took to its goal; null where it gave up or diverged. */
export interface Reached {
  readonly steps: number | null;
  readonly examples: number | null;
}

/** What runs came to, B and ε of the first of them as they were used. */
export interface GoalOutcome {
  readonly reached: readonly Reached[];
  readonly batches: readonly BatchFrom[];
  readonly rates: Float32Array;
}

/** Trains until each run's loss has come down to the goal; yields how many steps are done. */
export async function* runToGoal(
  gpu: Gpu,
  { model, dataset }: Trunk,
  { goal, evaluated, lookEvery, examples, measureEvery }: BatchControlProtocol,
  { seeds, rates, batches, control }: GoalRuns,
): AsyncGenerator<number, GoalOutcome, void> {
  const scope = new Scope();
  try {
    const run = scope.own(
      await TrainingRun.open(gpu, {
        model,
        dataset,
        steps: rates[0]!.length,
        batches,
        batchControl: control,
        sampling: 'shuffle',
        recordEvery: 0,
        instruments: control
          ? [noiseScaleInstrument({ smallBatch: 1, tests: false, layers: false }, { every: measureEvery })]
          : [],
        replicas: seeds.map((seed, r) => ({
          seed,
          settings: { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
          rates: rates[r]!,
          weights: new Map([...initialStateDict(model, seed)].map(([name, { data }]) => [name, data])),
        })),
      }),
    );
    const evaluator = scope.own(await run.evaluator(firstExamples(dataset, evaluated)));
    const looks = seeds.map(() => new GoalWatch(goal));
    for (;;) {
      const drawn = run.batches.drawnBy(run.submitted);
      const losses = await evaluator.evaluate();
      for (const [r, { loss }] of losses.entries()) {
        looks[r]!.look({ steps: run.submitted, examples: drawn }, loss);
      }
      const ended = run.submitted >= run.options.steps || drawn >= examples || run.stopped;
      if (ended || looks.every(({ done }) => done)) break;
      const next = run.submitted + Math.max(1, Math.round(lookEvery / run.batches.at(run.submitted)));
      for await (const _ of run.steps(next)) if (run.stopped) break;
      yield run.submitted;
    }
    const reached = looks.map(({ at }) => at ?? { steps: null, examples: null });
    const used = run.batches.entries.filter(({ fromStep }) => fromStep < Math.max(1, run.submitted));
    return { reached, batches: used, rates: run.rates(0).slice(0, run.submitted) };
  } finally {
    scope.dispose();
  }
}

/** Where a loss that is looked at now and then comes down to a goal, by its logarithm between two looks. */
export class GoalWatch {
  readonly #goal: number;
  #before: { readonly steps: number; readonly examples: number; readonly loss: number } | null = null;
  #diverged = false;
  at: { readonly steps: number; readonly examples: number } | null = null;

  constructor(goal: number) {
    this.#goal = goal;
  }

  /** Whether there is nothing more to see. */
  get done(): boolean {
    return this.at !== null || this.#diverged;
  }

  look(now: { readonly steps: number; readonly examples: number }, loss: number): void {
    if (this.done) return;
    if (!Number.isFinite(loss)) this.#diverged = true;
    else if (loss > this.#goal) this.#before = { ...now, loss };
    else {
      const before = this.#before ?? { ...now, loss };
      const share =
        loss === before.loss ? 1 : Math.log(before.loss / this.#goal) / Math.log(before.loss / loss);
      const between = (from: number, to: number): number => from + (to - from) * share;
      this.at = { steps: between(before.steps, now.steps), examples: between(before.examples, now.examples) };
    }
  }
}
