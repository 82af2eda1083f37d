import { z } from 'zod';
import type { AdapterInfo } from '../gpu/device.ts';

const deviceSchema = z.strictObject({
  vendor: z.string(),
  architecture: z.string(),
  device: z.string(),
  description: z.string(),
  /** Implementation and major version: `Chromium 150`. */
  engine: z.string(),
});

const entrySchema = z.strictObject({
  family: z.string(),
  bucket: z.string(),
  /** The shape that was measured. */
  key: z.string(),
  /** Hash of the family's variants and their WGSL: other kernels make the entry void. */
  kernels: z.string(),
  /** The planner's default at that shape, and what to take. */
  default: z.string(),
  variant: z.string(),
  /** Median and spread in milliseconds, by candidate; null in place of a spread for those dropped as too slow. */
  times: z.record(z.string(), z.tuple([z.number(), z.number().nullable()])),
  /** Candidates that do not compile or compute something else, and why. */
  excluded: z.record(z.string(), z.string()),
  date: z.string(),
});

const schema = z.strictObject({
  format: z.literal('basin kernels 1'),
  devices: z.array(z.strictObject({ device: deviceSchema, entries: z.array(entrySchema) })),
});

/** Where a choice was measured. */
export type TunedDevice = z.output<typeof deviceSchema>;
/** A measured choice, and what it rests on. */
export type TunedEntry = z.output<typeof entrySchema>;
/** Measured choices: what is kept between runs. */
export type TunedTable = z.output<typeof schema>;

export const EMPTY_TABLE: TunedTable = { format: 'basin kernels 1', devices: [] };

/** @throws an Error that says what is not as expected. */
export function parseTable(json: unknown): TunedTable {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new Error(`${path.join('.') || 'top level'}: ${message}`);
}

export function deviceOf({ vendor, architecture, device, description, engine }: AdapterInfo): TunedDevice {
  return { vendor, architecture, device, description, engine };
}

function same(a: TunedDevice, b: TunedDevice): boolean {
  return Object.keys(deviceSchema.shape).every(
    (name) => a[name as keyof TunedDevice] === b[name as keyof TunedDevice],
  );
}

/** What a table knows of a device. */
export function entriesFor(table: TunedTable, device: TunedDevice): readonly TunedEntry[] {
  return table.devices.filter((each) => same(each.device, device)).flatMap(({ entries }) => entries);
}

/** The table with a device's entries in place of those of the same family and bucket, and of the family's kernels as they were before. */
export function merge(table: TunedTable, device: TunedDevice, entries: readonly TunedEntry[]): TunedTable {
  const renewed = (old: TunedEntry): boolean =>
    entries.some(
      ({ family, bucket, kernels }) =>
        family === old.family && (bucket === old.bucket || kernels !== old.kernels),
    );
  const kept = entriesFor(table, device).filter((entry) => !renewed(entry));
  const others = table.devices.filter((each) => !same(each.device, device));
  return { ...table, devices: [...others, { device, entries: [...kept, ...entries] }] };
}
