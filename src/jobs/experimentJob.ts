import { z } from 'zod';
import { boundVerdict } from '../experiments/boundVerdict.ts';
import type { CellEvidence, Experiment, Outcome, SeriesPoint } from '../experiments/experiment.ts';
import type { Figure, Table } from '../experiments/figure.ts';
import { experiments } from '../experiments/index.ts';
import { type Protocol, resolveProtocol } from '../experiments/protocol.ts';
import type { AdapterInfo, Gpu } from '../gpu/device.ts';
import type { ByteSource } from '../host/byteSource.ts';
import { InputError } from '../host/inputError.ts';
import type { RunControl } from '../host/runControl.ts';
import { showValue } from '../host/showValue.ts';
import type { ResultEvent, WorkEvent } from '../host/workEvent.ts';
import { RunKernels } from '../tuning/chosenKernels.ts';
import type { KernelRecord } from '../tuning/kernelRecord.ts';
import {
  adapterOf,
  type CellDefinition,
  cellName,
  checkedEvidence,
  type KeptCell,
  readCell,
} from './keptCell.ts';

const schema = z.strictObject({
  /** One of `experiments`. */
  id: z.string(),
  preset: z.string().default('standard'),
  /** Parts of the protocol in place of the preset's. */
  protocol: z.record(z.string(), z.unknown()).default({}),
  /** A folder of cells: those that are there are not measured again. */
  cells: z.string().optional(),
});

/** Which experiment is run, and how. */
export type ExperimentSpec = z.input<typeof schema>;

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
  | ResultEvent;

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
 * @param list the experiments that there are
 * @throws InputError for input that is refused, a kept cell that is not what its name says among it
 */
export async function* experimentJob(
  device: Gpu,
  given: ExperimentSpec,
  host: ByteSource,
  control?: RunControl,
  list: readonly Experiment[] = experiments,
): AsyncGenerator<ExperimentEvent, void, void> {
  const { experiment, preset, protocol, changed, folder } = parse(given, list);
  const seed = protocol.seed;
  const planned = await Promise.all(
    experiment.cells(protocol).map(async (cell) => {
      const definition: CellDefinition = {
        experiment: experiment.id,
        version: experiment.version,
        preset,
        seed,
        cell,
        adapter: adapterOf(device.info),
        choices: device.kernels?.measured ?? {},
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
    const kept = yield* measureCell(experiment, { device, host, control }, cell, definition, where);
    if (!kept) break;
    found.set(name, kept);
    yield { type: 'cell', name, cell: kept, done: found.size, total };
  }

  const done = planned.flatMap(({ cell, name }): CellEvidence<object, unknown>[] => {
    const kept = found.get(name);
    return kept ? [{ cell, evidence: kept.evidence }] : [];
  });
  const outcome =
    done.length === total ? boundVerdict(experiment.judge(done, protocol), preset, changed) : null;
  const { id, version, statement, source, withdrawn } = experiment;
  const result: ExperimentResult = {
    experiment: { id, version, statement, source, ...(withdrawn === undefined ? {} : { withdrawn }) },
    preset,
    protocol,
    adapter: device.info,
    cells: planned.map(({ name }) => name),
    missing: planned.flatMap(({ name }) => (found.has(name) ? [] : [name])),
    outcome,
    figure: outcome && experiment.figure(outcome),
    tables: (outcome && experiment.tables?.(outcome)) ?? [],
    kernels: merged([...found.values()].map(({ kernels }) => kernels)),
  };
  yield { type: 'result', result, exitCode: 0 };
}

/** @returns null where it was stopped. @throws Error where its evidence has another form than the experiment's */
async function* measureCell(
  experiment: Experiment,
  {
    device,
    host,
    control,
  }: { readonly device: Gpu; readonly host: ByteSource; readonly control?: RunControl },
  cell: object,
  definition: CellDefinition,
  { name, number, total }: { readonly name: string; readonly number: number; readonly total: number },
): AsyncGenerator<ExperimentEvent, KeptCell | null, void> {
  const kernels = new RunKernels(device);
  const running = experiment.run({ ...device, kernels }, cell, host);
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

/** @throws InputError */
function parse(given: ExperimentSpec, list: readonly Experiment[]) {
  const { job: _, ...rest } = given as ExperimentSpec & { job?: string };
  const parsed = schema.safeParse(rest);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new InputError('experiment', path.join('.') || 'description', message);
  }
  const { id, preset, protocol: changes, cells: folder } = parsed.data;
  const experiment = list.find((each) => each.id === id);
  if (!experiment) {
    const names = list.map((each) => each.id).join(', ');
    throw new InputError('experiment', 'id', `is ${showValue(id)}, expected one of ${names}`);
  }
  const protocol = resolveProtocol(experiment, { preset, protocol: changes });
  const base = resolveProtocol(experiment, { preset });
  const changed = Object.keys(protocol).filter(
    (key) => key !== 'seed' && JSON.stringify(protocol[key]) !== JSON.stringify(base[key]),
  );
  return { experiment, preset, protocol, changed, folder };
}

function merged(records: readonly KernelRecord[]): KernelRecord {
  const all: Record<string, Record<string, string>> = {};
  for (const record of records)
    for (const [family, choices] of Object.entries(record)) all[family] = { ...all[family], ...choices };
  return all;
}
