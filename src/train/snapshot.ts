import { z } from 'zod';
import { readSafetensorsFile, writeSafetensors } from '../data/safetensors.ts';
import type { AdapterInfo } from '../gpu/device.ts';
import type { KernelRecord } from '../gpu/runKernels.ts';
import type { HostTensor } from '../host/hostTensor.ts';
import { InputError } from '../host/inputError.ts';
import { parseJson } from '../host/parseJson.ts';
import { sha256 } from '../host/sha256.ts';
import { changesSchema } from './changesOfRun.ts';
import { firstDifference } from './firstDifference.ts';
import { computedBy } from './provenance.ts';
import type { RunChange } from './runChange.ts';
import type { RunContents } from './runContents.ts';

/** A run between two steps: with its description all that the steps to come depend on. */
export interface RunState {
  /** Steps taken. */
  readonly step: number;
  readonly states: ReadonlyMap<string, HostTensor>;
  /** What the ring gave back, as `ReadingRows` has it. */
  readonly rows: Float32Array;
  /** What was changed on the way, in that order. */
  readonly changes: readonly RunChange[];
}

/** Which run a state is of. */
export interface RunIdentity {
  /** Its description, a value of JSON. */
  readonly job: Readonly<Record<string, unknown>>;
  readonly contents: RunContents;
  /** What it took wherever there was a choice, for all that it will run. */
  readonly kernels: KernelRecord;
  /** What may make its last bits differ from those of a run that was never stopped: where it went on elsewhere. */
  readonly warnings: readonly string[];
}

/** A snapshot as it was read. */
export interface Snapshot extends RunState, RunIdentity {
  /** How messages name it. */
  readonly file: string;
}

const FORMAT = 'basin snapshot 2';
/** The tensor of the readings so far. */
const ROWS = 'readings';
/** Characters of a description: a header is read up to 10⁸ bytes, and quotes it twice. */
const LONGEST_JOB = 2 ** 25;

/**
 * A run as one safetensors file: a tensor for each of its states, `readings`, and in `__metadata__` what it is of, each in JSON:
 * `version`, `commit`, `adapter`, `job`, `contents`, `kernels`, `warnings`, `step`, `changes`, `checksums` of the tensors, and a
 * `checksum` of all of these. It takes the bytes of the states (of SGD 8 a parameter and replica, 12 with an average), and 4 for each
 * number that a reading has: 4 a step and replica where nothing but the loss is recorded.
 */
export async function writeSnapshot(
  { step, states, rows, changes }: RunState,
  { job, contents, kernels, warnings }: RunIdentity,
  info: AdapterInfo,
): Promise<Uint8Array<ArrayBuffer>> {
  const tensors = new Map(states).set(ROWS, { dtype: 'F32', shape: [rows.length], data: rows });
  const checksums = await Promise.all(
    [...tensors].map(async ([name, { data }]) => [name, await sha256(data)] as const),
  );
  const { version, commit, adapter } = computedBy(info);
  const metadata: Record<string, string> = {
    format: FORMAT,
    version,
    ...(commit === undefined ? {} : { commit }),
    adapter: JSON.stringify(adapter),
    step: JSON.stringify(step),
    job: JSON.stringify(job),
    contents: JSON.stringify(contents),
    kernels: JSON.stringify(kernels),
    warnings: JSON.stringify(warnings),
    changes: JSON.stringify(changes),
    checksums: JSON.stringify(Object.fromEntries(checksums)),
  };
  return writeSafetensors(tensors, { ...metadata, checksum: await sha256(JSON.stringify(metadata)) });
}

/**
 * Refuses a description too long for a snapshot's header, before anything runs.
 * @throws InputError
 */
export function requireShortJob(file: string, job: Readonly<Record<string, unknown>>): void {
  const { length } = JSON.stringify(job);
  if (length <= LONGEST_JOB) return;
  const reason = `holds the run's description, which has ${length} characters, expected at most ${LONGEST_JOB}`;
  throw new InputError(file, 'snapshot', reason);
}

const whole = z.int().min(0);

/** What of the metadata the run is rebuilt from: the file may be made by anyone, checksums and all. */
const schema = z.object({
  step: whole,
  changes: changesSchema,
  job: z.looseObject({}),
  contents: z.looseObject({}),
  kernels: z.record(z.string(), z.record(z.string(), z.string())),
  warnings: z.array(z.string()),
  checksums: z.record(z.string(), z.string()),
});

/**
 * Reads a snapshot, whole or not at all.
 * @param info of the adapter that goes on with it
 * @throws InputError for a file that is damaged, is no snapshot, or is of another version of Basin, whose kernels and states
 *   may be others
 */
export async function readSnapshot(file: string, bytes: Uint8Array, info: AdapterInfo): Promise<Snapshot> {
  const { tensors, metadata } = readSafetensorsFile(file, bytes);
  const { checksum, ...rest } = metadata;
  if (rest.format !== FORMAT) {
    throw new InputError(
      file,
      '__metadata__',
      `says nothing of the format "${FORMAT}": no snapshot of a run`,
    );
  }
  if ((await sha256(JSON.stringify(rest))) !== checksum) {
    throw new InputError(
      file,
      '__metadata__',
      'does not hold what was written (its checksum differs): damaged',
    );
  }
  const parsed = (key: string): unknown => parseJson(file, key, rest[key] ?? '');
  const here = computedBy(info);
  if (rest.version !== here.version) {
    const reason = `is of basin ${rest.version}, this is ${here.version}: its kernels and states may be others`;
    throw new InputError(file, 'version', reason);
  }
  const keys = Object.keys(schema.shape).map((key) => [key, parsed(key)] as const);
  const read = schema.safeParse(Object.fromEntries(keys));
  if (!read.success) {
    const { path, message } = read.error.issues[0]!;
    throw new InputError(file, path.join('.'), message);
  }
  const { checksums, ...told } = read.data;
  for (const name of Object.keys(checksums)) {
    const found = tensors.get(name);
    if (!found) throw new InputError(file, name, 'missing from the file');
    if ((await sha256(found.data)) !== checksums[name]) {
      throw new InputError(file, name, 'does not hold what was written (its checksum differs): damaged');
    }
  }
  const rows = tensors.get(ROWS);
  if (rows?.dtype !== 'F32')
    throw new InputError(file, ROWS, 'missing from the file, expected float32 numbers');
  tensors.delete(ROWS);
  const differing = firstDifference(parsed('adapter'), JSON.parse(JSON.stringify(here.adapter)));
  const another = (what: string, then: unknown, now: unknown): string =>
    `${file} was written by another ${what} (${then}, this is ${now}): the steps from here on may differ in their last bits`;
  return {
    ...told,
    file,
    states: tensors,
    rows: rows.data as Float32Array,
    changes: told.changes as unknown as readonly RunChange[],
    contents: told.contents as unknown as RunContents,
    warnings: [
      ...told.warnings,
      ...(differing ? [another(`adapter: ${differing.path}`, differing.a, differing.b)] : []),
      ...(rest.commit === here.commit ? [] : [another('commit', rest.commit, here.commit)]),
    ],
  };
}
