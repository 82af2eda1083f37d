import type { Gpu } from '../gpu/device.ts';
import type { ByteSource } from '../host/byteSource.ts';
import type { Experiment } from './experiment.ts';
import { type ExperimentResult, experimentResult } from './experimentResult.ts';
import { keptCells, plannedCells } from './plannedCells.ts';
import { resolveProtocol, type WantedProtocol } from './protocol.ts';
import { type ResultSoFar, resultSoFar } from './resultSoFar.ts';

/** A cell of a run that is to come. */
export interface CellAhead {
  /** Under which it is kept; null without an adapter, which the name follows from. */
  readonly name: string | null;
  /** On the reference adapter; null where the experiment does not say. */
  readonly seconds: number | null;
  /** That it took where it is kept already. */
  readonly took: number | null;
}

/** What a run takes, and what is there of it already. */
export interface ExperimentPlan {
  readonly cells: readonly CellAhead[];
  /** Of GPU memory at the most; null where the experiment does not say. */
  readonly bytes: number | null;
  /** Cells that need not be measured. */
  readonly kept: number;
  /** Where all are kept. */
  readonly result: ExperimentResult | null;
  /** Where some are. */
  readonly soFar: ResultSoFar | null;
}

/** A run as it is asked for. */
export interface PlannedRun {
  readonly preset: string;
  readonly protocol: NonNullable<WantedProtocol['protocol']>;
  /** A folder of cells, named by the host's paths. */
  readonly cells: string;
}

/**
 * What a run of an experiment would take, and what the cells that are kept come to: nothing is measured.
 * @param gpu null: no cell is looked for
 * @throws InputError for a protocol that is refused, and a kept cell that is not what its name says
 */
export async function planExperiment(
  experiment: Experiment,
  { preset, protocol: changes, cells: folder }: PlannedRun,
  { gpu, host }: { readonly gpu: Gpu | null; readonly host: ByteSource },
): Promise<ExperimentPlan> {
  const protocol = resolveProtocol(experiment, { preset, protocol: changes });
  const cells = experiment.cells(protocol);
  const costs = cells.map((cell) => experiment.cost?.(cell) ?? null);
  const known = costs.flatMap((cost) => (cost ? [cost.bytes] : []));
  const bytes = known.length > 0 ? Math.max(...known) : null;
  const seconds = (i: number): number | null => costs[i]?.seconds ?? null;
  if (!gpu) {
    const ahead = cells.map((_, i) => ({ name: null, seconds: seconds(i), took: null }));
    return { cells: ahead, bytes, kept: 0, result: null, soFar: null };
  }
  const planned = await plannedCells(experiment, { preset, protocol }, { gpu, host });
  const kept = await keptCells(experiment, planned, (name) => `${folder}/${name}.json`, host);
  const whole = kept.size === planned.length;
  const found = planned.map(({ cell, name }) => ({ cell, name, kept: kept.get(name) ?? null }));
  return {
    cells: planned.map(({ name }, i) => ({
      name,
      seconds: seconds(i),
      took: kept.get(name)?.seconds ?? null,
    })),
    bytes,
    kept: kept.size,
    result: whole ? experimentResult(experiment, { preset, protocol }, gpu.info, found) : null,
    soFar: whole || kept.size === 0 ? null : resultSoFar(experiment, protocol, planned, kept),
  };
}
