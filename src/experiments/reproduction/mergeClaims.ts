import type { ByteSource } from '../../host/byteSource.ts';
import { InputError } from '../../host/inputError.ts';
import { parseJson } from '../../host/parseJson.ts';
import { showValue } from '../../host/showValue.ts';
import { type ExperimentResult, experimentResult, type FoundCell } from '../experimentResult.ts';
import { type CellDefinition, canonicalJson, cellName, type KeptCell, readKept } from '../keptCell.ts';
import { type PlacelessDefinition, placelessCells } from '../plannedCells.ts';
import type { WantedClaim } from './wantedClaims.ts';

/** A claim as its cells have it, and what it took to measure them. */
export interface MergedClaim {
  readonly claim: WantedClaim;
  readonly result: ExperimentResult;
  /** Of the cells that are there. */
  readonly seconds: number;
  /** Cells that are there of other adapters, kernels or data, which are left alone. */
  readonly others: number;
}

/** A kept cell as its file has it, not yet held against its experiment. */
interface Candidate {
  readonly path: string;
  readonly definition: CellDefinition;
}

/**
 * Judges claims by the cells of a folder, whichever machines measured them: no device is asked for. A claim's cells must be of one
 * adapter with the same kernels; where there are several, those that the most cells are of.
 * @param paths of the files in the folder, by the host's paths
 * @throws InputError for a file that is no cell
 */
export async function mergeClaims(
  claims: readonly WantedClaim[],
  paths: readonly string[],
  host: ByteSource,
): Promise<MergedClaim[]> {
  const kept = new Map<string, Candidate[]>();
  for (const path of paths) {
    const definition = definitionIn(path, await host.read(path));
    const key = placeless(definition);
    kept.set(key, [...(kept.get(key) ?? []), { path, definition }]);
  }
  const merged: MergedClaim[] = [];
  for (const claim of claims) merged.push(await mergeClaim(claim, kept, host));
  return merged;
}

async function mergeClaim(
  claim: WantedClaim,
  kept: ReadonlyMap<string, readonly Candidate[]>,
  host: ByteSource,
): Promise<MergedClaim> {
  const { experiment } = claim;
  const wanted = await placelessCells(experiment, claim, host);
  const candidates = wanted.map((each) => kept.get(placeless(each)) ?? []);
  const place = commonPlace(candidates.flat());
  const cells: FoundCell[] = [];
  let seconds = 0;
  for (const [i, each] of wanted.entries()) {
    const of = candidates[i]!.find(({ definition }) => placeOf(definition) === place);
    const found = of ? readKept(experiment, of.path, of.definition, await host.read(of.path)) : null;
    seconds += found?.seconds ?? 0;
    const name = of ? await cellName(of.definition) : describe(each);
    cells.push({ cell: each.cell, name, kept: found });
  }
  const adapter = cells.find((cell) => cell.kept)?.kept?.adapter ?? NONE;
  return {
    claim,
    result: experimentResult(experiment, claim, adapter, cells),
    seconds,
    others: candidates.flat().length - cells.filter((cell) => cell.kept).length,
  };
}

/** Of a claim without cells. */
const NONE: KeptCell['adapter'] = { vendor: '', architecture: '', device: '', description: '' };

/** What a missing cell is called, whose name would follow from the adapter too. */
function describe({ experiment, cell }: PlacelessDefinition): string {
  const parts = Object.entries(cell).flatMap(([key, value]) =>
    ['number', 'string'].includes(typeof value) ? [`${key} ${value}`] : [],
  );
  return `${experiment} (${parts.join(', ')})`;
}

/** Adapter and choices that the most cells are of; of equally many the first by name, so that the order of files says nothing. */
function commonPlace(candidates: readonly Candidate[]): string | null {
  const counts = new Map<string, number>();
  for (const { definition } of candidates) {
    const place = placeOf(definition);
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  const ordered = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return ordered[0]?.[0] ?? null;
}

function placeOf({ adapter, choices }: CellDefinition): string {
  return canonicalJson({ adapter, choices });
}

function placeless({ experiment, version, preset, seed, cell, files }: PlacelessDefinition): string {
  return canonicalJson({ experiment, version, preset, seed, cell, files });
}

/** @throws InputError for a file that is no cell */
function definitionIn(path: string, bytes: Uint8Array): CellDefinition {
  const json = parseJson(path, 'cell', bytes);
  const keys = ['experiment', 'version', 'preset', 'seed', 'cell', 'files', 'adapter', 'choices'] as const;
  const object = typeof json === 'object' && json !== null ? (json as Partial<CellDefinition>) : null;
  const lacking = keys.find((key) => object?.[key] === undefined);
  if (!object || lacking !== undefined) {
    const found = object ? `it has no "${lacking}"` : `is ${showValue(json)}`;
    throw new InputError(path, 'cell', `${found}, expected a cell of an experiment`);
  }
  return Object.fromEntries(keys.map((key) => [key, object[key]])) as unknown as CellDefinition;
}
