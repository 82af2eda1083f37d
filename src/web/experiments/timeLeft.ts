import type { CellAhead } from '../../experiments/planExperiment.ts';

/**
 * Seconds that the cells that are to come will take: their costs on the reference adapter over this one's speed, and where cells are done, as
 * many times that as these took of theirs.
 * @param took seconds of cells that were measured meanwhile, by name
 * @returns null where a cell's cost is not known
 */
export function timeLeft(
  cells: readonly CellAhead[],
  took: ReadonlyMap<string, number>,
  speed: number,
): number | null {
  let [left, spent, expected] = [0, 0, 0];
  for (const { name, seconds, took: before } of cells) {
    if (seconds === null) return null;
    const done = (name === null ? undefined : took.get(name)) ?? before;
    if (done === null) left += seconds / speed;
    else {
      spent += done;
      expected += seconds / speed;
    }
  }
  return left * (expected > 0 && spent > 0 ? spent / expected : 1);
}
