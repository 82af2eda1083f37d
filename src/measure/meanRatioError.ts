import type { Dataset } from '../data/dataset.ts';
import { selectExamples } from '../data/selectExamples.ts';
import { uploadExamples } from '../data/uploadExamples.ts';
import type { Gpu } from '../gpu/device.ts';
import { type GradientMoments, gradientMoments } from './gradientMoments.ts';
import { gradientSignalToNoise } from './gradientSignalToNoise.ts';
import { jackknife } from './jackknife.ts';
import { type Point, unitsOf } from './pass.ts';
import { withoutGroup } from './withoutGroup.ts';

/** Groups of examples: an error is known to 1/√(2·15), 18 %, of itself. */
const GROUPS = 16;

/**
 * Standard error of the mean over the coordinates of ḡ_d²/Σ_dd, by leaving out one group of examples after the other (the
 * grouped jackknife, Shao & Tu 1995): one more pass over the data, a group at a time. A group is every 16th example (unit), so
 * that the order of a file in which neighbours are alike does not tell. Where all is noise the error is too large, by about √2.
 * @param dataset the point's examples
 * @param moments of all of them
 * @returns null for fewer than three examples
 */
export async function meanRatioError(
  gpu: Gpu,
  point: Point,
  dataset: Dataset,
  { mean, centredSquares }: Pick<GradientMoments, 'mean' | 'centredSquares'>,
): Promise<number | null> {
  const units = unitsOf(point);
  if (units < 3) return null;
  const b = point.ghostBatch ?? 1;
  const groups = Math.min(GROUPS, units);
  const left: number[] = [];
  for (let group = 0; group < groups; group++) {
    const mine = Array.from({ length: dataset.examples }, (_, n) => n).filter(
      (n) => Math.floor(n / b) % groups === group,
    );
    const examples = uploadExamples(gpu, selectExamples(dataset, mine));
    try {
      const part = { ...point, examples };
      const own = { ...(await gradientMoments(gpu, part)), examples: unitsOf(part) };
      const others = withoutGroup({ mean, centredSquares, examples: units }, own);
      // Less 1/N, which is more for the fewer that are left.
      left.push(gradientSignalToNoise(point.layout, others).meanUnbiased);
    } finally {
      examples.dispose();
    }
  }
  return jackknife(left);
}
