import { z } from 'zod';
import type { AdapterInfo } from '../gpu/device.ts';
import type { KernelRecord } from '../gpu/runKernels.ts';
import type { ByteSource } from '../host/byteSource.ts';
import { InputError } from '../host/inputError.ts';
import { parseJson } from '../host/parseJson.ts';
import { showValue } from '../host/showValue.ts';
import type { Experiment } from './experiment.ts';
import type { Protocol } from './protocol.ts';

const kernelsSchema = z.record(z.string(), z.record(z.string(), z.string()));

/** All that a cell's evidence follows from: its name is a hash of it. */
export interface CellDefinition {
  readonly experiment: string;
  readonly version: number;
  readonly preset: string;
  /** The protocol's: the cell has those that follow from it. */
  readonly seed: number;
  readonly cell: object;
  /** Digests of the files that the protocol names, by their paths there: another file of that name is other data. */
  readonly files: Readonly<Record<string, string>>;
  readonly adapter: Pick<AdapterInfo, 'vendor' | 'architecture' | 'device' | 'description'>;
  /** The choices that were in force where there was one to make. */
  readonly choices: Readonly<Record<string, string>>;
}

/** A cell as it is kept. */
export interface KeptCell extends CellDefinition {
  /** The kernels that it took. */
  readonly kernels: KernelRecord;
  /** That it took. */
  readonly seconds?: number;
  readonly evidence: unknown;
}

/** What of an adapter a cell names. */
export function adapterOf({
  vendor,
  architecture,
  device,
  description,
}: AdapterInfo): CellDefinition['adapter'] {
  return { vendor, architecture, device, description };
}

/** Its experiment, and sixteen digits of the SHA-256 of the definition as JSON, whatever the order of its keys. */
export async function cellName(definition: CellDefinition): Promise<string> {
  return `${definition.experiment}-${await digestOf(new TextEncoder().encode(canonicalJson(definition)))}`;
}

/** Digests of the files among a protocol's texts, alone or several separated by commas; of the host's that there are. */
export async function filesOf(protocol: Protocol, host: ByteSource): Promise<CellDefinition['files']> {
  const texts = Object.values(protocol).filter((part) => typeof part === 'string');
  const paths = texts.flatMap((text) => [text, ...text.split(',')]);
  const files: Record<string, string> = {};
  for (const path of new Set(paths)) {
    if ((await host.find?.(path))?.is === 'file') files[path] = await digestOf(await host.read(path));
  }
  return files;
}

/** Sixteen digits. */
async function digestOf(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource));
  return [...digest.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** JSON whose objects' keys are in order: alike values have alike texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** @returns null where there is no such file. @throws InputError for one that is not the cell that its name says */
export async function readCell(
  experiment: Experiment,
  path: string,
  expected: CellDefinition,
  host: ByteSource,
): Promise<KeptCell | null> {
  if ((await host.find?.(path))?.is !== 'file') return null;
  return readKept(experiment, path, expected, await host.read(path));
}

/** A kept cell. @throws InputError where it is not the one that is expected, or its evidence has another form than the experiment's */
export function readKept(
  experiment: Experiment,
  path: string,
  expected: CellDefinition,
  bytes: Uint8Array,
): KeptCell {
  const json = parseJson(path, 'cell', bytes);
  if (typeof json !== 'object' || json === null)
    throw new InputError(path, 'cell', `is ${showValue(json)}, expected an object`);
  const { kernels, seconds, evidence, ...definition } = json as Partial<KeptCell>;
  for (const key of Object.keys(expected) as (keyof CellDefinition)[]) {
    const [is, wanted] = [canonicalJson(definition[key] ?? null), canonicalJson(expected[key])];
    if (is !== wanted) throw new InputError(path, key, `is ${is}, expected ${wanted}`);
  }
  const record = kernelsSchema.safeParse(kernels);
  if (!record.success) throw new InputError(path, 'kernels', record.error.issues[0]!.message);
  const { evidence: checked, problem } = checkedEvidence(experiment, evidence);
  if (problem !== undefined) throw new InputError(path, 'cell', problem);
  const took = typeof seconds === 'number' ? { seconds } : {};
  return { ...expected, kernels: record.data, ...took, evidence: checked };
}

/** Evidence as a file gives it back, or what is wrong with it: the same is judged, whether it has been in a file or not. */
export function checkedEvidence(
  experiment: Experiment,
  evidence: unknown,
): { readonly evidence?: unknown; readonly problem?: string } {
  const json: unknown = JSON.parse(JSON.stringify(evidence ?? null));
  const parsed = experiment.evidence.safeParse(json);
  if (parsed.success) return { evidence: parsed.data };
  const { path, message } = parsed.error.issues[0]!;
  return { problem: `${['evidence', ...path].join('.')}: ${message}` };
}
