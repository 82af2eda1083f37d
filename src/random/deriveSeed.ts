import { purpose } from './purpose.ts';
import { threefry2x32 } from './threefry.ts';

/** What of a run is drawn by a seed of its own. */
export type SeedPurpose = 'init' | 'order' | 'data';

const COUNTERS: Readonly<Record<SeedPurpose, number>> = { init: 0, order: 1, data: 2 };

/**
 * The seed of one purpose that follows from a run's `seed`, differently for each: the first word of Threefry with key
 * (seed, seeds) and counter (0, 1 or 2 for initial weights, order and data, 0). So a run's initial weights say nothing of
 * its order, and neither of another seed's.
 * @param seed an integer in [0, 2³²), as is the result
 */
export function deriveSeed(seed: number, of: SeedPurpose): number {
  return threefry2x32(seed, purpose.seeds, COUNTERS[of], 0)[0];
}
