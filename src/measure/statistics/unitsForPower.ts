import { studentQuantile } from './studentQuantile.ts';
import { studentTail } from './studentTail.ts';

/**
 * How many units bring a mean's 95 % interval within a margin with a given probability, where their scatter and the distance from the
 * expected effect to the margin's nearer end are those of a pilot: the least n ≥ 3 with P(T > t₀.₉₇₅ − √n·distance/scatter) ≥
 * power, Student's distribution standing for the non-central one, which errs by a unit at most above n = 3.
 * @param scatter standard deviation over the units
 * @param pooled of how many effects the scatter is pooled in the intervals (`studentIntervals`)
 * @throws RangeError where the distance is not above 0: then no number of units is enough
 */
export function unitsForPower(scatter: number, distance: number, { power = 0.8, pooled = 1 } = {}): number {
  if (!(distance > 0)) throw new RangeError(`distance to the margin: ${distance}, expected above 0`);
  for (let n = 3; n < 10_000; n++) {
    const shift = (Math.sqrt(n) * distance) / scatter;
    const freedom = pooled * (n - 1);
    if (studentTail(studentQuantile(freedom) - shift, freedom) >= power) return n;
  }
  throw new RangeError(`a scatter of ${scatter} at a distance of ${distance} wants more than 10,000 units`);
}
