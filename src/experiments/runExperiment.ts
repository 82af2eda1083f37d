import type { AdapterInfo, Gpu } from '../gpu/device.ts';
import { type KernelRecord, RunKernels } from '../gpu/runKernels.ts';
import type { ByteSource } from '../host/byteSource.ts';
import type { RunControl } from '../host/runControl.ts';
import type { WorkEvent } from '../host/workEvent.ts';
import { boundVerdict } from './boundVerdict.ts';
import type { CellEvidence, Experiment, Outcome, SeriesPoint } from './experiment.ts';
import type { Figure, Table } from './figure.ts';
import {
  adapterOf,
  type CellDefinition,
  cellName,
  checkedEvidence,
  filesOf,
  type KeptCell,
  readCell,
} from './keptCell.ts';
import { type Protocol, resolveProtocol } from './protocol.ts';

/** How an experiment is run. */
export interface WantedRun {
  /** One of the experiment's presets. */
  readonly preset: string;
  /** Parts of the protocol in place of the preset's. */
  readonly protocol: Readonly<Record<string, unknown>>;
  /** A folder of cells, named by the host's paths: those that are there are not measured again. */
  readonly cells?: string;
}

/** Where an experiment runs. */
export interface RunPlace {
  readonly gpu: Gpu;
  readonly host: ByteSource;
  readonly control?: RunControl;
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
    };

/** What an experiment gives. */
export interface ExperimentResult {
  readonly experiment: Pick<Experiment, 'id' | 'version' | 'statement' | 'source' | 'withdrawn'>;
  readonly preset: string;
  readonly protocol: Protocol;
  readonly adapter: AdapterInfo;
  /** Names of the cells. */
  readonly cells: readonly string[];
  /** Those that are not done: it was stopped. Then there is no outcome. */
  readonly missing: readonly string[];
  readonly outcome: Outcome | null;
  readonly figure: Figure | null;
  readonly tables: readonly Table[];
  readonly kernels: KernelRecord;
}

/**
 * Measures the cells of an experiment that are not there yet, one after the other, and judges all of them. Stopped, it gives the
 * cells it has, and no outcome.
 * @throws InputError for a protocol or data that are refused, and a kept cell that is not what its name says
 */
export async function* runExperiment(
  experiment: Experiment,
  { preset, protocol: changes, cells: folder }: WantedRun,
  place: RunPlace,
): AsyncGenerator<ExperimentEvent, ExperimentResult, void> {
  const { gpu, host } = place;
  const protocol = resolveProtocol(experiment, { preset, protocol: changes });
  const files = await filesOf(protocol, host);
  const planned = await Promise.all(
    experiment.cells(protocol).map(async (cell) => {
      const definition: CellDefinition = {
        experiment: experiment.study?.id ?? experiment.id,
        version: experiment.study?.version ?? experiment.version,
        preset,
        seed: protocol.seed,
        cell,
        files,
        adapter: adapterOf(gpu.info),
        choices: gpu.kernels?.measured ?? {},
      };
      return { cell, definition, name: await cellName(definition) };
    }),
  );
  const total = planned.length;
  const found = new Map<string, KeptCell>();
  for (const { name, definition } of folder === undefined ? [] : planned) {
    const kept = await readCell(experiment, `${folder}/${name}.json`, definition, host);
    if (kept) found.set(name, kept);
  }
  if (found.size > 0) yield { type: 'note', text: `${found.size} of ${total} cells are there already` };

  for (const [i, { cell, definition, name }] of planned.entries()) {
    if (found.has(name)) continue;
    const where = { name, number: i + 1, total };
    const kept = yield* measureCell(experiment, place, cell, definition, where);
    if (!kept) break;
    found.set(name, kept);
    yield { type: 'cell', name, cell: kept, done: found.size, total };
  }

  const done = planned.flatMap(({ cell, name }): CellEvidence<object, unknown>[] => {
    const kept = found.get(name);
    return kept ? [{ cell, evidence: kept.evidence }] : [];
  });
  const outcome =
    done.length === total
      ? boundVerdict(
          experiment.judge(done, protocol),
          preset,
          changedParts(experiment, preset, protocol),
          protocol.seed,
        )
      : null;
  const { id, version, statement, source, withdrawn } = experiment;
  return {
    experiment: { id, version, statement, source, ...(withdrawn === undefined ? {} : { withdrawn }) },
    preset,
    protocol,
    adapter: gpu.info,
    cells: planned.map(({ name }) => name),
    missing: planned.flatMap(({ name }) => (found.has(name) ? [] : [name])),
    outcome,
    figure: outcome && experiment.figure(outcome),
    tables: (outcome && experiment.tables?.(outcome)) ?? [],
    kernels: merged([...found.values()].map(({ kernels }) => kernels)),
  };
}

/** @returns null where it was stopped. @throws Error where its evidence has another form than the experiment's */
async function* measureCell(
  experiment: Experiment,
  { gpu, host, control }: RunPlace,
  cell: object,
  definition: CellDefinition,
  { name, number, total }: { readonly name: string; readonly number: number; readonly total: number },
): AsyncGenerator<ExperimentEvent, KeptCell | null, void> {
  const kernels = new RunKernels(gpu);
  const running = experiment.run({ ...gpu, kernels }, cell, host);
  try {
    for (;;) {
      await control?.whileRunning();
      if (control?.stopped) return null;
      const next = await running.next();
      if (next.done) {
        const { evidence, problem } = checkedEvidence(experiment, next.value);
        if (problem !== undefined) throw new Error(`cell ${name}: ${problem}`);
        return { ...definition, kernels: kernels.record, evidence };
      }
      const event = next.value;
      if (event.type === 'series') yield { ...event, cell: name };
      else if (event.type !== 'phase') yield event;
      else yield { type: 'phase', phase: `cell ${number} of ${total}, ${event.phase}` };
    }
  } finally {
    await running.return(undefined);
  }
}

/** Parts that are not the preset's; another seed is no other protocol. */
function changedParts(experiment: Experiment, preset: string, protocol: Protocol): string[] {
  const base = resolveProtocol(experiment, { preset });
  return Object.keys(protocol).filter(
    (part) => part !== 'seed' && JSON.stringify(protocol[part]) !== JSON.stringify(base[part]),
  );
}

function merged(records: readonly KernelRecord[]): KernelRecord {
  const all: Record<string, Record<string, string>> = {};
  for (const record of records)
    for (const [family, choices] of Object.entries(record)) all[family] = { ...all[family], ...choices };
  return all;
}
