import type { Interval } from '../../measure/statistics/interval.ts';
import type { ReplicaGroup } from './replicaGroups.ts';

type Column = readonly (number | null)[];

/** The curve of a group of replicas, and the band around it. */
export interface GroupCurve {
  readonly values: (number | null)[];
  /** A replica's own 95 % intervals where it is alone; of several the standard error of their mean, ± one. */
  readonly band: readonly (Interval | null)[];
}

/**
 * One curve for each group: that of its replica, or the mean over those that are there at a step. Where one of them is known to have no
 * value (an unresolved noise scale) the mean has none either.
 * @param intervals of each replica's values; empty where the quantity has none
 * @param goneAt the row from which on a replica is not counted, since it diverged
 */
export function groupCurves(
  groups: readonly ReplicaGroup[],
  columns: readonly Column[],
  intervals: readonly (readonly (Interval | null)[])[],
  goneAt: (replica: number) => number,
): GroupCurve[] {
  return groups.map(({ replicas }) => {
    const [only] = replicas;
    if (replicas.length === 1) {
      return { values: [...(columns[only!] ?? [])], band: intervals[only!] ?? [] };
    }
    const rows = columns[only!]?.length ?? 0;
    const values: (number | null)[] = [];
    const band: (Interval | null)[] = [];
    for (let row = 0; row < rows; row++) {
      const there = replicas.filter((replica) => row < goneAt(replica));
      const found = there.map((replica) => columns[replica]![row] ?? null);
      const known = found.filter((value) => value !== null);
      if (there.length === 0 || known.length < found.length) {
        values.push(null);
        band.push(null);
        continue;
      }
      const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
      const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      const error = known.length > 1 ? Math.sqrt(squares / (known.length - 1) / known.length) : null;
      values.push(mean);
      band.push(error === null ? null : [mean - error, mean + error]);
    }
    return { values, band };
  });
}
