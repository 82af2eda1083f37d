import type { CellCost, Experiment } from '../experiment.ts';
import { readCell } from '../keptCell.ts';
import type { RunPlace } from '../runExperiment.ts';
import { adapterSpeed } from './adapterSpeed.ts';
import { type CellsOf, cellsOf } from './measureClaims.ts';
import { isOf } from './shard.ts';
import type { WantedClaim } from './wantedClaims.ts';

/** What a claim will take on this adapter. */
export interface PlannedClaim {
  readonly id: string;
  readonly version: number;
  readonly preset: string;
  /** Cells of this shard that no claim before it has. */
  readonly cells: number;
  /** Of them those that are there already. */
  readonly done: number;
  /** Of the cells that are to come; null where the claim does not say. */
  readonly minutes: number | null;
  /** Of GPU memory at the most, MiB. */
  readonly mebibytes: number | null;
}

export interface Plan {
  /** As a share of the reference adapter's. */
  readonly speed: number;
  readonly claims: readonly PlannedClaim[];
}

/**
 * What claims will take on this adapter; runs no cell. The cost of a cell is its pilot's on the reference adapter, divided by this adapter's
 * speed; where cells of the same claim are there already, all that are to come are taken to cost as much over their own estimate.
 * @throws InputError for a protocol that cannot be, or a kept cell that is not what its name says
 */
export async function planClaims(
  claims: readonly WantedClaim[],
  { cells: folder, shard }: CellsOf,
  place: RunPlace,
): Promise<Plan> {
  const speed = await adapterSpeed(place.gpu);
  const all = (await cellsOf(claims, place)).filter((_, at) => isOf(at, shard));
  const planned: PlannedClaim[] = [];
  for (const claim of claims) {
    const { experiment, preset } = claim;
    const own = all.filter((each) => each.claim === claim);
    const costs = own.map(({ planned: { cell } }) => costOf(experiment, cell, speed));
    let [done, took, estimated] = [0, 0, 0];
    let left = 0;
    for (const [i, { planned: cell }] of own.entries()) {
      const kept =
        folder === undefined
          ? null
          : await readCell(experiment, `${folder}/${cell.name}.json`, cell.definition, place.host);
      const seconds = costs[i]?.seconds ?? Number.NaN;
      if (!kept) left += seconds;
      else {
        done++;
        took += kept.seconds ?? seconds;
        estimated += seconds;
      }
    }
    const scale = done > 0 && estimated > 0 ? took / estimated : 1;
    const minutes = (left * scale) / 60;
    const bytes = costs.flatMap((cost) => (cost ? [cost.bytes] : []));
    planned.push({
      id: experiment.id,
      version: experiment.version,
      preset,
      cells: own.length,
      done,
      minutes: Number.isFinite(minutes) ? Number(minutes.toFixed(2)) : null,
      mebibytes: bytes.length > 0 ? Math.ceil(Math.max(...bytes) / 2 ** 20) : null,
    });
  }
  return { speed: Number(speed.toPrecision(3)), claims: planned };
}

function costOf(experiment: Experiment, cell: object, speed: number): CellCost | null {
  const cost = experiment.cost?.(cell);
  return cost ? { seconds: cost.seconds / speed, bytes: cost.bytes } : null;
}
