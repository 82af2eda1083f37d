import { kernelTarget } from '../autograd/compile.ts';
import type { Gpu } from '../gpu/device.ts';
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
  return {
    ...gpu,
    kernels: {
      measured: Object.fromEntries(variants),
      wanted: ({ family, bucket }) => variants.get(`${family} ${bucket}`),
    },
  };
}
