import type { Dataset } from '../data/dataset.ts';
import { drawnExamples } from '../data/drawnExamples.ts';
import type { Gpu } from '../gpu/device.ts';
import { InputError } from '../host/inputError.ts';
import { RateSearch } from '../measure/curvature/rateSearch.ts';
import type { Point } from '../measure/pass.ts';
import { measuredRates } from '../measure/statistics/measuredRates.ts';
import { isBatchNorm } from '../nn/batchNorm.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import type { OptimizerRule, OptimizerSettings } from '../optim/optimizer.ts';
import type { Schedule } from '../optim/schedule.ts';
import { deriveSeed } from '../random/deriveSeed.ts';

/** A line search for ε, once in a run. */
export interface LrSearch {
  /** Steps before it, at the rates that were given. */
  readonly after: number;
  /** Mini-batches whose steps are tried. */
  readonly draws: number;
  /** Examples whose loss they change, drawn from those that the run trains on; all of these where they are fewer. */
  readonly examples: number;
}

/** What a line search found for one replica. */
export interface FoundRate {
  /** What it is: the best rate of one step, which need not train best. */
  readonly kind: 'one-step';
  /** Steps before it. */
  readonly step: number;
  readonly batchSize: number;
  /** ε_opt(B): of one step of plain SGD it lowers the loss most. */
  readonly oneStepRate: number;
  /** Over the mini-batches. */
  readonly oneStepRateStderr: number;
  /** ε of that step, by which those of the steps to come are scaled: ε_opt(1 − m)/(1 − d), since momentum makes of each gradient steps of that sum. */
  readonly learningRate: number;
  /** Rates that were tried, and the mean change of the loss at each. */
  readonly rates: readonly number[];
  readonly changes: readonly number[];
}

/** Rates that are tried, over the one at the start: √2 apart. */
const GRID = Array.from({ length: 21 }, (_, i) => 2 ** ((i - 10) / 2));

/** The examples that a replica's search is of. */
export function searchedExamples(dataset: Dataset, { examples }: LrSearch, seed: number): Dataset {
  return drawnExamples(dataset, Math.min(examples, dataset.examples), deriveSeed(seed, 'data'));
}

/** The search, as it runs at a point. */
export function openSearch(
  gpu: Gpu,
  point: Point,
  batchSize: number,
  { draws }: LrSearch,
  seed: number,
): Promise<RateSearch> {
  return RateSearch.open(gpu, point, { batchSizes: [batchSize], rates: GRID.length, draws, seed });
}

/**
 * ε of the largest expected fall of the loss in one step of B examples, by the losses along mini-batches' gradients at √2 apart from 1/32 to
 * 32 times the scheduled rate. Greedy steps train badly (McCandlish et al. 2018 settle at about twice as much): it is a start.
 * @param of `start`: ε of the step that is searched at, which the grid is around
 * @throws InputError where the loss falls most at an end of the grid
 */
export async function searchRate(
  gpu: Gpu,
  point: Point,
  asked: LrSearch,
  of: {
    readonly batchSize: number;
    readonly start: number;
    readonly seed: number;
    readonly settings: OptimizerSettings;
  },
): Promise<FoundRate> {
  const { batchSize, start, seed, settings } = of;
  const search = await openSearch(gpu, point, batchSize, asked, seed);
  try {
    const rates = Array.from(Float32Array.from(GRID, (factor) => factor * start));
    const work = search.at(batchSize, rates);
    let next = await work.next();
    while (!next.done) next = await work.next();
    const { optimal, changes } = measuredRates(next.value);
    if (optimal.censored) {
      const where = optimal.censored === 'below' ? `${rates[0]} or below` : `${rates.at(-1)} or above`;
      const reason = `finds its rate at ${where}, the end of its grid around ${start}, expected a learning rate that is nearer`;
      throw new InputError('run', 'line search for ε', reason);
    }
    const { momentum, dampening } = 'momentum' in settings ? settings : { momentum: 0, dampening: 0 };
    return {
      kind: 'one-step',
      step: asked.after,
      batchSize,
      oneStepRate: optimal.rate,
      oneStepRateStderr: optimal.rate * optimal.logStderr,
      learningRate: (optimal.rate * (1 - momentum)) / (1 - dampening),
      rates,
      changes,
    };
  } finally {
    search.dispose();
  }
}

/**
 * Refuses a search that would say nothing of the run.
 * @param refuse makes the error of a key, one of those that are searched with: what the description calls it
 */
export function requireLrSearch(
  { after }: LrSearch,
  run: {
    readonly model: ModelSpec;
    readonly optimizer: OptimizerRule;
    readonly schedule: Schedule;
    readonly steps: number;
  },
  refuse: (key: 'search' | 'after' | 'schedule', reason: string) => Error,
): void {
  const { model, optimizer, schedule, steps } = run;
  const at = model.layers.findIndex(isBatchNorm);
  if (optimizer.type !== 'sgd') {
    throw refuse('search', `is along the gradient, expected the optimizer sgd, not ${optimizer.type}`);
  }
  if (at >= 0) {
    const reason = `is of the mean of the examples' losses, which layer ${at} (${model.layers[at]!.type}) couples: expected a model without it`;
    throw refuse('search', reason);
  }
  if (schedule.type === 'table') {
    throw refuse(
      'schedule',
      'is a table of absolute rates, expected a schedule that a line search can scale',
    );
  }
  const { warmup = 0 } = schedule;
  if (after < warmup) {
    throw refuse('after', `is ${after}, within the warm-up, expected at least ${warmup}`);
  }
  if (after >= steps && steps > 0) {
    throw refuse('after', `is ${after}, expected fewer than the ${steps} steps of the run`);
  }
}
