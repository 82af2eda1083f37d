import { isCoupled } from '../../nn/isCoupled.ts';
import { inferShapes } from '../../nn/modelSpec.ts';
import { size } from '../../ops/graph.ts';
import { LARGEST_MICRO_BATCH, type Point } from '../pass.ts';

/** Numbers that the largest result of all vectors should have at most: 16 MiB, as much as stays in a GPU's cache and keeps it busy. */
const WAVE = 2 ** 22;

/** More vectors than that gain nothing: what a dispatch costs is a part of 1/32 of theirs. */
const MOST = 32;

/** What limits them beside the size of their results. */
export interface VectorLimits {
  /** Of examples that are in one batch: those of a pass over the data if left out. */
  readonly batch?: number;
  /** More are not to be. */
  readonly most?: number;
}

/**
 * How many of the wanted vectors should go side by side through a model, a replica each: as many as keep the largest result of all of them
 * small, in waves of one size. What is made of a vector does not depend on it, to the bit.
 */
export function vectorsAtOnce(
  point: Pick<Point, 'model' | 'layout' | 'examples' | 'context' | 'ghostBatch'>,
  wanted: number,
  { batch = batchOf(point), most = MOST }: VectorLimits = {},
): number {
  const { model, layout, examples } = point;
  const widest = Math.max(...inferShapes(model, examples.exampleShape).slice(1).map(size));
  const room = Math.floor(WAVE / Math.max(batch * widest, layout.length));
  const waves = Math.ceil(wanted / Math.max(1, Math.min(MOST, most, room)));
  return Math.ceil(wanted / waves);
}

/** Examples that a pass has on the device at once. */
function batchOf(point: Pick<Point, 'model' | 'examples' | 'context' | 'ghostBatch'>): number {
  const { examples } = point.examples;
  if (point.ghostBatch !== undefined) return Math.min(point.ghostBatch, examples);
  return isCoupled(point) ? examples : Math.min(LARGEST_MICRO_BATCH, examples);
}
