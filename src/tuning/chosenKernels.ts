import { kernelTarget } from '../autograd/compile.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Candidate, KernelChoices, KernelDemand } from '../gpu/kernelChoice.ts';
import { InputError } from '../host/inputError.ts';
import type { KernelRecord } from './kernelRecord.ts';
import { kernelVersions } from './kernelVersions.ts';
import shipped from './shippedKernels.json' with { type: 'json' };
import { deviceOf, entriesFor, parseTable, type TunedEntry, type TunedTable } from './tunedTable.ts';

/** Where a choice comes from. */
export type ChoiceSource = 'cache' | 'shipped table';

/** What is checked in: choices measured on software adapters, never applied to others. */
export function shippedTable(): TunedTable {
  return parseTable(shipped);
}

/** Measured choices that hold on a device with this version's kernels; those of the cache before the shipped ones. */
export function validEntries(
  gpu: Gpu,
  cache?: TunedTable,
): readonly (TunedEntry & { readonly source: ChoiceSource })[] {
  const versions = kernelVersions(kernelTarget(gpu));
  const device = deviceOf(gpu.info);
  const known = new Map<string, TunedEntry & { source: ChoiceSource }>();
  for (const [source, table] of [
    ['cache', cache],
    ['shipped table', shippedTable()],
  ] as const) {
    for (const entry of table ? entriesFor(table, device) : []) {
      const key = `${entry.family} ${entry.bucket}`;
      if (entry.kernels === versions[entry.family] && !known.has(key)) known.set(key, { ...entry, source });
    }
  }
  return [...known.values()];
}

/** The same device, with what was measured on its like deciding between kernels. */
export function withTunedKernels(gpu: Gpu, cache?: TunedTable): Gpu {
  const variants = new Map(
    validEntries(gpu, cache).map(({ family, bucket, variant }) => [`${family} ${bucket}`, variant]),
  );
  return { ...gpu, kernels: { wanted: ({ family, bucket }) => variants.get(`${family} ${bucket}`) } };
}

/**
 * Keeps the choices of one run, and repeats those of an earlier one. With a record given, measurements count for nothing:
 * a shape that it does not name gets the planner's default.
 */
export class RunKernels implements KernelChoices {
  /** What was taken, wherever there was a choice. */
  readonly record: Record<string, Record<string, string>> = {};
  readonly #given: KernelRecord | undefined;
  readonly #measured: KernelChoices | undefined;

  constructor(gpu: Gpu, given?: KernelRecord) {
    this.#given = given;
    this.#measured = given ? undefined : gpu.kernels;
  }

  wanted(demand: KernelDemand): string | undefined {
    return this.#given ? this.#given[demand.family]?.[demand.key] : this.#measured?.wanted(demand);
  }

  /** @throws InputError if the given record names a variant that this adapter or version has not. */
  taken(demand: KernelDemand, { name }: Candidate, candidates: readonly Candidate[]): void {
    const { family, key } = demand;
    const given = this.#given?.[family]?.[key];
    if (given !== undefined && given !== name) {
      const names = candidates.map((candidate) => candidate.name).join(', ');
      const found = `the variant "${given}" is not among those of this adapter and version: ${names}`;
      throw new InputError('kernels', `${family}.${key}`, found);
    }
    if (candidates.length > 1) this.record[family] = { ...this.record[family], [key]: name };
  }
}
