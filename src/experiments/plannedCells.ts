import type { Gpu } from '../gpu/device.ts';
import type { ByteSource } from '../host/byteSource.ts';
import type { Experiment } from './experiment.ts';
import { adapterOf, type CellDefinition, cellName, filesOf, type KeptCell, readCell } from './keptCell.ts';
import type { Protocol } from './protocol.ts';

/** A cell that is to be measured, and the name under which it is kept. */
export interface PlannedCell {
  readonly cell: object;
  readonly definition: CellDefinition;
  readonly name: string;
}

/** A cell's definition but for the adapter that measures it. */
export type PlacelessDefinition = Omit<CellDefinition, 'adapter' | 'choices'>;

/** The protocol of a preset, some parts changed. */
interface Wanted {
  readonly preset: string;
  readonly protocol: Protocol;
}

/**
 * The cells of a protocol, whichever adapter measures them. @throws InputError for a protocol that cannot be
 */
export async function placelessCells(
  experiment: Experiment,
  { preset, protocol }: Wanted,
  host: ByteSource,
): Promise<readonly PlacelessDefinition[]> {
  const files = await filesOf(protocol, host);
  const { id, version } = experiment.study ?? experiment;
  return experiment
    .cells(protocol)
    .map((cell) => ({ experiment: id, version, preset, seed: protocol.seed, cell, files }));
}

/** The cells of a protocol on an adapter. @throws InputError for a protocol that cannot be */
export async function plannedCells(
  experiment: Experiment,
  wanted: Wanted,
  { gpu, host }: { readonly gpu: Gpu; readonly host: ByteSource },
): Promise<readonly PlannedCell[]> {
  const place = { adapter: adapterOf(gpu.info), choices: gpu.kernels?.measured ?? {} };
  const definitions = await placelessCells(experiment, wanted, host);
  return Promise.all(
    definitions.map(async (each) => {
      const definition = { ...each, ...place };
      return { cell: each.cell, definition, name: await cellName(definition) };
    }),
  );
}

/**
 * Those of some cells that are kept, by their names.
 * @param pathOf where a cell of a name is, by the host's paths
 * @throws InputError for one that is not what its name says
 */
export async function keptCells(
  experiment: Experiment,
  planned: readonly PlannedCell[],
  pathOf: (name: string) => string,
  host: ByteSource,
): Promise<Map<string, KeptCell>> {
  const found = new Map<string, KeptCell>();
  for (const { name, definition } of planned) {
    const kept = await readCell(experiment, pathOf(name), definition, host);
    if (kept) found.set(name, kept);
  }
  return found;
}
