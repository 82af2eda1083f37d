import { lossOf } from '../../gpu/orLost.ts';
import { readCell } from '../keptCell.ts';
import { measureCell } from '../measureCell.ts';
import { type PlannedCell, plannedCells } from '../plannedCells.ts';
import type { ExperimentEvent, RunPlace } from '../runExperiment.ts';
import { isOf, type Shard } from './shard.ts';
import type { WantedClaim } from './wantedClaims.ts';

/** A cell that could not be measured, and why. */
export interface FailedCell {
  readonly claim: string;
  readonly name: string;
  readonly cell: object;
  readonly error: string;
}

/** What was done of the cells that were asked for. */
export interface MeasuredClaims {
  /** Cells of all claims, those that several share counted once. */
  readonly total: number;
  /** Of them this shard's. */
  readonly own: number;
  /** That were there before. */
  readonly kept: number;
  readonly measured: number;
  readonly failed: readonly FailedCell[];
}

/** Where cells are kept: a folder, by the host's paths. */
export interface CellsOf {
  readonly cells?: string | undefined;
  readonly shard?: Shard | undefined;
}

/**
 * Measures the cells of claims that are not there yet, one after the other. A cell that fails is told and the next one goes on, but for
 * a lost device, which fails all that come after it.
 * @throws InputError for a kept cell that is not what its name says; DeviceLostError
 */
export async function* measureClaims(
  claims: readonly WantedClaim[],
  { cells: folder, shard }: CellsOf,
  place: RunPlace,
): AsyncGenerator<ExperimentEvent, MeasuredClaims, void> {
  const all = await cellsOf(claims, place);
  const own = all.filter((_, at) => isOf(at, shard));
  const failed: FailedCell[] = [];
  let [kept, measured] = [0, 0];
  for (const [i, { claim, planned }] of own.entries()) {
    const { experiment } = claim;
    const { name, definition, cell } = planned;
    if (place.finished?.get(name)) {
      measured++;
      continue;
    }
    if (
      folder !== undefined &&
      (await readCell(experiment, `${folder}/${name}.json`, definition, place.host))
    ) {
      kept++;
      continue;
    }
    try {
      const phases = `${experiment.id}, cell ${i + 1} of ${own.length}`;
      yield { type: 'phase', phase: phases };
      const made = yield* measureCell(experiment, place, planned, phases);
      if (!made) break;
      measured++;
      place.finished?.keep(name, made);
      yield { type: 'cell', name, cell: made, done: kept + measured, total: own.length };
    } catch (error) {
      const { name: kind, message } = error as Error;
      if (kind === 'DeviceLostError' || lossOf(place.gpu)) throw error;
      failed.push({ claim: experiment.id, name, cell, error: message });
      yield { type: 'note', text: `${experiment.id}: cell ${name} failed: ${message}` };
    }
  }
  return { total: all.length, own: own.length, kept, measured, failed };
}

/** The cells of all claims in their order, each once: the first claim that has it is the one that measures it. */
export async function cellsOf(
  claims: readonly WantedClaim[],
  place: RunPlace,
): Promise<readonly { readonly claim: WantedClaim; readonly planned: PlannedCell }[]> {
  const byName = new Map<string, { claim: WantedClaim; planned: PlannedCell }>();
  for (const claim of claims) {
    for (const planned of await plannedCells(claim.experiment, claim, place)) {
      if (!byName.has(planned.name)) byName.set(planned.name, { claim, planned });
    }
  }
  return [...byName.values()];
}
