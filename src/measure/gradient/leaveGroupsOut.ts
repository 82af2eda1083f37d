import type { Dataset } from '../../data/dataset.ts';
import { selectExamples } from '../../data/selectExamples.ts';
import { uploadExamples } from '../../data/uploadExamples.ts';
import type { Gpu } from '../../gpu/device.ts';
import { type Point, unitsOf } from '../pass.ts';
import { type CoordinateMoments, withoutGroup } from '../statistics/withoutGroup.ts';
import { type GradientMoments, gradientMoments } from './gradientMoments.ts';

/** Groups of examples: an error is known to 1/√(2·15), 18 %, of itself. */
const GROUPS = 16;

/**
 * The moments of all examples but a group's, for one group after the other (the grouped jackknife, Shao & Tu 1995): one more
 * pass over the data, a group at a time. A group is every 16th example (unit), so that the order of a file in which neighbours are
 * alike does not tell.
 * @param dataset the point's examples
 * @param moments of all of them
 */
export async function* leaveGroupsOut(
  gpu: Gpu,
  point: Point,
  dataset: Dataset,
  { mean, centredSquares }: Pick<GradientMoments, 'mean' | 'centredSquares'>,
): AsyncGenerator<CoordinateMoments, void, void> {
  const units = unitsOf(point);
  const b = point.ghostBatch ?? 1;
  const groups = Math.min(GROUPS, units);
  for (let group = 0; group < groups; group++) {
    const mine = Array.from({ length: dataset.examples }, (_, n) => n).filter(
      (n) => Math.floor(n / b) % groups === group,
    );
    const examples = uploadExamples(gpu, selectExamples(dataset, mine));
    try {
      const part = { ...point, examples };
      const own = { ...(await gradientMoments(gpu, part)), examples: unitsOf(part) };
      yield withoutGroup({ mean, centredSquares, examples: units }, own);
    } finally {
      examples.dispose();
    }
  }
}
