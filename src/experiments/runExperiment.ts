import type { Gpu } from '../gpu/device.ts';
import type { ByteSource } from '../host/byteSource.ts';
import type { FinishedParts } from '../host/finishedParts.ts';
import type { RunControl } from '../host/runControl.ts';
import type { WorkEvent } from '../host/workEvent.ts';
import type { Experiment, SeriesPoint } from './experiment.ts';
import { type ExperimentResult, experimentResult } from './experimentResult.ts';
import type { KeptCell } from './keptCell.ts';
import { measureCell } from './measureCell.ts';
import { keptCells, plannedCells } from './plannedCells.ts';
import { resolveProtocol } from './protocol.ts';
import { type ResultSoFar, resultSoFar } from './resultSoFar.ts';

/** How an experiment is run. */
export interface WantedRun {
  /** One of the experiment's presets. */
  readonly preset: string;
  /** Parts of the protocol in place of the preset's. */
  readonly protocol: Readonly<Record<string, unknown>>;
  /** A folder of cells, named by the host's paths: those that are there are not measured again. */
  readonly cells?: string;
  /** Tells what the units that are done come to, as more of them are. */
  readonly soFar?: boolean;
}

/** Where an experiment runs. */
export interface RunPlace {
  readonly gpu: Gpu;
  readonly host: ByteSource;
  readonly control?: RunControl | undefined;
  /** Cells that were measured on a device that was lost. */
  readonly finished?: FinishedParts | undefined;
}

/** What an experiment tells while it runs. */
export type ExperimentEvent =
  | WorkEvent
  /** A point of a curve, and the name of its cell. */
  | (SeriesPoint & { readonly cell: string })
  /** A cell that is done: kept under its name, it is not measured again. `done` of `total` cells are. */
  | {
      readonly type: 'cell';
      readonly name: string;
      readonly cell: KeptCell;
      readonly done: number;
      readonly total: number;
    }
  | ({ readonly type: 'soFar' } & ResultSoFar);

/**
 * Measures the cells of an experiment that are not there yet, one after the other, and judges all of them. Stopped, it gives the
 * cells it has, and no outcome.
 * @throws InputError for a protocol or data that are refused, and a kept cell that is not what its name says
 */
export async function* runExperiment(
  experiment: Experiment,
  { preset, protocol: changes, cells: folder, soFar = false }: WantedRun,
  place: RunPlace,
): AsyncGenerator<ExperimentEvent, ExperimentResult, void> {
  const { gpu, host, finished } = place;
  const protocol = resolveProtocol(experiment, { preset, protocol: changes });
  const planned = await plannedCells(experiment, { preset, protocol }, place);
  const total = planned.length;
  const found =
    folder === undefined
      ? new Map<string, KeptCell>()
      : await keptCells(experiment, planned, (name) => `${folder}/${name}.json`, host);
  for (const { name } of planned) {
    const done = finished?.get<KeptCell>(name);
    if (done) found.set(name, done);
  }
  if (found.size > 0) yield { type: 'note', text: `${found.size} of ${total} cells are there already` };

  let units = 0;
  for (const [i, { cell, definition, name }] of planned.entries()) {
    if (found.has(name)) continue;
    const kept = yield* measureCell(
      experiment,
      place,
      { cell, definition, name },
      `cell ${i + 1} of ${total}`,
    );
    if (!kept) break;
    found.set(name, kept);
    finished?.keep(name, kept);
    yield { type: 'cell', name, cell: kept, done: found.size, total };
    const partial = soFar && found.size < total ? resultSoFar(experiment, protocol, planned, found) : null;
    if (partial && partial.units > units) {
      units = partial.units;
      yield { type: 'soFar', ...partial };
    }
  }

  return experimentResult(
    experiment,
    { preset, protocol },
    gpu.info,
    planned.map(({ cell, name }) => ({ cell, name, kept: found.get(name) ?? null })),
  );
}
