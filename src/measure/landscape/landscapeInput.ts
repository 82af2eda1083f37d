import type { Dataset } from '../../data/dataset.ts';
import type { FinishedParts } from '../../host/finishedParts.ts';
import { InputError } from '../../host/inputError.ts';
import { requireCount } from '../../host/requireNumber.ts';
import { isBatchNorm, requireBatches } from '../../nn/batchNorm.ts';
import { inferShapes, type ModelSpec } from '../../nn/modelSpec.ts';
import type { StateValues } from '../../nn/stateDict.ts';
import { MICRO_BATCH } from './spanBatches.ts';

/** How BatchNorm's running statistics are had at a point: anew by a pass over the data there, or by those of the files. */
export type StatisticsMode = 'recompute' | 'stored';

/** A model and the data over which its landscape is taken, in host memory, fitted to each other. */
export interface LandscapeInput {
  /** Of the model, for messages. */
  readonly modelName: string;
  readonly model: ModelSpec;
  readonly dataset: Dataset;
  readonly test: Dataset | null;
  readonly batchNorm: StatisticsMode;
  /** Examples of a batch of the pass that recomputes statistics; MICRO_BATCH, or all if they are fewer, by default. */
  readonly bnBatchSize?: number | undefined;
  /** Points that were evaluated on a device that was lost. */
  readonly finished?: FinishedParts | undefined;
}

/** A state dict, and how messages call it. */
export interface NamedWeights {
  readonly name: string;
  readonly values: StateValues;
}

/** How many points are done. */
export interface LandscapeProgress {
  readonly done: number;
  readonly total: number;
}

/** How statistics are had for this model: null for one without BatchNorm, which has none. */
export function statisticsOf({ model, batchNorm }: LandscapeInput): StatisticsMode | null {
  return model.layers.some(isBatchNorm) ? batchNorm : null;
}

/**
 * Refuses a batch size for a pass that there is none of.
 * @param key how it is called where it was given
 * @throws InputError
 */
export function requireStatisticsPass(input: LandscapeInput, key: string): void {
  if (input.bnBatchSize === undefined || statisticsOf(input) === 'recompute') return;
  const why = statisticsOf(input) ? 'statistics are those stored' : 'the model has no BatchNorm';
  const expected = 'expected none: there is no pass that recomputes statistics';
  throw new InputError('landscape', key, `is ${input.bnBatchSize}, ${expected}, since ${why}`);
}

/**
 * Examples of a batch of the pass that recomputes statistics; null where there is none.
 * @throws InputError for a batch in which BatchNorm has one value a channel
 */
export function statisticsBatch(input: LandscapeInput): number | null {
  if (statisticsOf(input) !== 'recompute') return null;
  const { modelName, model, dataset, bnBatchSize } = input;
  const batchSize = Math.min(bnBatchSize ?? MICRO_BATCH, dataset.examples);
  const passes = { examples: dataset.examples, batchSize };
  const shapes = inferShapes(model, dataset.exampleShape, modelName);
  requireBatches(modelName, model, shapes, { batchSizes: [], measures: false, passes });
  return batchSize;
}

/**
 * So many numbers from one to another, both included as they are.
 * @throws InputError naming the setting for fewer than two
 */
export function evenly(item: string, [from, to]: readonly [number, number], count: number): number[] {
  requireCount('landscape', item, count, 2);
  return Array.from({ length: count }, (_, i) =>
    i === count - 1 ? to : from + ((to - from) * i) / (count - 1),
  );
}

/** Points of a landscape at most: the host holds the values of all of them. */
const MOST_POINTS = 2 ** 20;

/**
 * Refuses more points than the host should hold, before anything is made of them.
 * @param counts whose product they are
 * @throws InputError naming the setting
 */
export function requireHeld(item: string, counts: readonly number[]): void {
  const total = counts.reduce((product, count) => product * count, 1);
  if (total <= MOST_POINTS) return;
  const found = `${counts.join(' × ')} come to ${total} points`;
  throw new InputError('landscape', item, `${found}, expected at most ${MOST_POINTS}`);
}
