import type { KernelRecord } from '../gpu/runKernels.ts';
import { boundVerdict } from './boundVerdict.ts';
import type { CellEvidence, Experiment, Outcome } from './experiment.ts';
import type { Figure, Table } from './figure.ts';
import type { KeptCell } from './keptCell.ts';
import { type Protocol, resolveProtocol } from './protocol.ts';

/** What an experiment gives. */
export interface ExperimentResult {
  readonly experiment: Pick<Experiment, 'id' | 'version' | 'statement' | 'source' | 'withdrawn'>;
  readonly preset: string;
  readonly protocol: Protocol;
  readonly adapter: KeptCell['adapter'];
  /** Names of the cells. */
  readonly cells: readonly string[];
  /** Those that are not done: it was stopped. Then there is no outcome. */
  readonly missing: readonly string[];
  readonly outcome: Outcome | null;
  readonly figure: Figure | null;
  readonly tables: readonly Table[];
  readonly kernels: KernelRecord;
}

/** A cell of a protocol, with what is there of it. */
export interface FoundCell {
  readonly cell: object;
  readonly name: string;
  readonly kept: KeptCell | null;
}

/** What the cells of a protocol, all of them and in their order, come to. Where one is missing there is no outcome. */
export function experimentResult(
  experiment: Experiment,
  { preset, protocol }: { readonly preset: string; readonly protocol: Protocol },
  adapter: KeptCell['adapter'],
  cells: readonly FoundCell[],
): ExperimentResult {
  const done = cells.flatMap(({ cell, kept }): CellEvidence<object, unknown>[] =>
    kept ? [{ cell, evidence: kept.evidence }] : [],
  );
  const outcome =
    done.length === cells.length
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
    adapter,
    cells: cells.map(({ name }) => name),
    missing: cells.flatMap(({ name, kept }) => (kept ? [] : [name])),
    outcome,
    figure: outcome && experiment.figure(outcome),
    tables: (outcome && experiment.tables?.(outcome)) ?? [],
    kernels: merged(cells.flatMap(({ kept }) => (kept ? [kept.kernels] : []))),
  };
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
