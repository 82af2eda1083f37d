import { arrangeExamples } from '../../data/arrangeExamples.ts';
import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { Graph, stateOf } from '../../ops/graph.ts';
import { Pass, type Point, unitsOf } from '../pass.ts';
import { type CoordinateMoments, withoutGroup } from '../statistics/withoutGroup.ts';
import type { GatheredMoments, TracedBatch } from '../tracedBatch.ts';
import { type GradientMoments, gatherMoments } from './gradientMoments.ts';

/** Groups of examples: an error is known to 1/√(2·15), 18 %, of itself. */
const GROUPS = 16;

/**
 * The moments of all examples but a group's, for one group after the other (the grouped jackknife, Shao & Tu 1995): one more
 * pass over the data, which are copied into the groups' order on the device; compiled once for each size of a group. A group is
 * every 16th example (unit), so that the order of a file in which neighbours are alike does not tell.
 * @param moments of all of them
 */
export async function* leaveGroupsOut(
  gpu: Gpu,
  point: Point,
  { mean, centredSquares }: Pick<GradientMoments, 'mean' | 'centredSquares'>,
): AsyncGenerator<CoordinateMoments, void, void> {
  const units = unitsOf(point);
  const b = point.ghostBatch ?? 1;
  const count = Math.min(GROUPS, units);
  // Those of one size together: they are one pass, run a group at a time.
  const groups = Array.from({ length: count }, (_, group) =>
    Array.from({ length: point.examples.examples }, (_, n) => n).filter(
      (n) => Math.floor(n / b) % count === group,
    ),
  ).sort((one, other) => one.length - other.length);
  const scope = new Scope();
  try {
    const examples = scope.own(arrangeExamples(gpu, point.examples, groups.flat()));
    let from = 0;
    for (const size of new Set(groups.map(({ length }) => length))) {
      const alike = groups.filter(({ length }) => length === size).length;
      const stretch = { examples: size, from };
      const own = unitsOf({ ...point, examples: { examples: size } });
      let found: GatheredMoments | null = null;
      const trace = (batch: TracedBatch): void => {
        found = gatherMoments(batch);
      };
      const pass = scope.own(
        await Pass.open(gpu, 'moments of groups', { ...point, examples }, trace, { stretch }),
      );
      for (let group = 0; group < alike; group++) {
        await pass.run();
        const [ofMean, ofSquares] = await Promise.all(
          [found!.mean, found!.centredSquares].map((each) => stateOf(each.in(new Graph()))!.read()),
        );
        const moments = { mean: ofMean!, centredSquares: ofSquares!, examples: own };
        yield withoutGroup({ mean, centredSquares, examples: units }, moments);
      }
      from += alike * size;
    }
  } finally {
    scope.dispose();
  }
}
