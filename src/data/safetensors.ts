import { foreignFormat } from '../host/foreignFormat.ts';
import { type Dtype, elementCount, type HostTensor } from '../host/hostTensor.ts';
import { InputError } from '../host/inputError.ts';
import { parseJson } from '../host/parseJson.ts';
import { showShape } from '../host/showShape.ts';
import { showValue } from '../host/showValue.ts';
import { decodeElements, dtypeBytes } from './dtype.ts';
import { requireBytes } from './requireBytes.ts';

export { finiteFloat32, requireFinite } from '../host/hostTensor.ts';

// The format: u64 little-endian length of the header, the header in JSON, then the bytes of the tensors with no gap.
const LENGTH_BYTES = 8;
/** The reference implementation's own limit. */
const LONGEST_HEADER = 100_000_000;
const MOST_DIMENSIONS = 64;

/** Bits of an element, of the types that the format has and Basin does not read. */
const unreadBits: Record<string, number> = {
  C64: 64,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F4: 4,
};

interface Entry {
  name: string;
  dtype: string;
  shape: number[];
  begin: number;
  end: number;
}

/**
 * Reads a safetensors file. Strict: the tensors must tile the data exactly, and nothing is returned unless all of it
 * is right. NaN and infinity are let through; whoever needs numbers calls requireFinite or finiteFloat32. Tensors of
 * types that Basin does not read (float8, complex) are there as `unread`, for whoever needs one to refuse it.
 *
 * @param file how messages name the file
 * @returns the tensors in the order of their bytes
 * @throws InputError for a file cut short, a header that lies (length, offsets outside the file, overlaps, gaps, a
 *   shape that is not its bytes), an unknown dtype, a name that occurs twice, a header that is no JSON; for what are no bytes
 */
export function readSafetensors(file: string, bytes: Uint8Array): Map<string, HostTensor> {
  return readSafetensorsFile(file, bytes).tensors;
}

/**
 * The same, with what the file says of itself in its `__metadata__`; nothing where it has none.
 * @throws InputError as readSafetensors does
 */
export function readSafetensorsFile(
  file: string,
  bytes: Uint8Array,
): { readonly tensors: Map<string, HostTensor>; readonly metadata: Readonly<Record<string, string>> } {
  requireBytes('readSafetensors', file, bytes);
  if (bytes.length < LENGTH_BYTES) {
    throw new InputError(
      file,
      'header',
      `cut short: the file has ${bytes.length} bytes, expected at least ${LENGTH_BYTES}`,
    );
  }
  const headerLength = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const tooLong = headerLength > bytes.length - LENGTH_BYTES;
  const foreign = tooLong || headerLength > LONGEST_HEADER ? foreignFormat(bytes) : undefined;
  if (foreign !== undefined) {
    const expected = 'expected safetensors, as safetensors.torch.save_file(model.state_dict(), path) writes';
    throw new InputError(file, 'header', `${foreign}; ${expected}`);
  }
  if (!tooLong && headerLength > LONGEST_HEADER) {
    throw new InputError(file, 'header', `has ${headerLength} bytes, expected at most ${LONGEST_HEADER}`);
  }
  if (tooLong) {
    throw new InputError(
      file,
      'header',
      `should have ${headerLength} bytes, but only ${bytes.length - LENGTH_BYTES} follow: the file is cut short or no safetensors file`,
    );
  }
  const data = bytes.subarray(LENGTH_BYTES + headerLength);
  const { entries, metadata } = parseHeader(file, bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + headerLength));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkTiling(file, entries, data.length);
  return { tensors: new Map(entries.map((entry) => [entry.name, decode(entry, file, data)])), metadata };
}

function decode(
  { name, dtype: type, shape, begin, end }: Entry,
  file: string,
  bytes: Uint8Array,
): HostTensor {
  if (!isDtype(type)) return { dtype: 'unread', type, shape, data: new Uint8Array(0) };
  const data = decodeElements(type, bytes.subarray(begin, end));
  if (type === 'BOOL') {
    const wrong = (data as Uint8Array).findIndex((value) => value > 1);
    if (wrong >= 0)
      throw new InputError(file, name, `element ${wrong} is ${data[wrong]}, expected a BOOL of 0 or 1`);
  }
  return { dtype: type, shape, data };
}

function elementBits(type: string): number | undefined {
  if (isDtype(type)) return 8 * dtypeBytes[type];
  return Object.hasOwn(unreadBits, type) ? unreadBits[type] : undefined;
}

function isDtype(type: string): type is Dtype {
  return Object.hasOwn(dtypeBytes, type);
}

function parseHeader(
  file: string,
  bytes: Uint8Array,
): { readonly entries: Entry[]; readonly metadata: Readonly<Record<string, string>> } {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new InputError(file, 'header', `is not JSON: ${(error as Error).message}`);
  }
  const header = parseJson(file, 'header', text);
  if (!isRecord(header)) throw new InputError(file, 'header', 'is not a JSON object');
  const entries: Entry[] = [];
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') metadata = parseMetadata(file, value);
    else entries.push(parseEntry(file, name, value));
  }
  return { entries, metadata };
}

function parseMetadata(file: string, value: unknown): Record<string, string> {
  if (isRecord(value) && Object.values(value).every((text) => typeof text === 'string')) {
    return value as Record<string, string>;
  }
  throw new InputError(file, '__metadata__', 'expected an object of strings');
}

function parseEntry(file: string, name: string, value: unknown): Entry {
  const refuse = (reason: string): InputError => new InputError(file, name, reason);
  if (!isRecord(value)) throw refuse('expected an object with dtype, shape and data_offsets');
  for (const key of Object.keys(value)) {
    if (!['dtype', 'shape', 'data_offsets'].includes(key)) {
      throw refuse(`unknown key "${key}", expected dtype, shape and data_offsets`);
    }
  }
  const { dtype, shape, data_offsets: offsets } = value;
  const bits = typeof dtype === 'string' ? elementBits(dtype) : undefined;
  if (bits === undefined) {
    throw refuse(`unknown dtype ${showValue(dtype)}, expected one of ${Object.keys(dtypeBytes).join(', ')}`);
  }
  if (!isSizes(shape)) throw refuse(`shape ${showValue(shape)}, expected a list of integers of at least 0`);
  if (shape.length > MOST_DIMENSIONS) {
    throw refuse(`shape of ${shape.length} dimensions, expected at most ${MOST_DIMENSIONS}`);
  }
  if (!isSizes(offsets) || offsets.length !== 2 || (offsets[0] as number) > (offsets[1] as number)) {
    throw refuse(`data_offsets ${showValue(offsets)}, expected [begin, end] with begin ≤ end`);
  }
  const [begin, end] = offsets as [number, number];
  const needed = (elementCount(shape) * bits) / 8;
  if (needed !== end - begin) {
    throw refuse(
      `shape ${showShape(shape)} of ${dtype} needs ${needed} bytes, data_offsets hold ${end - begin}`,
    );
  }
  return { name, dtype: dtype as string, shape, begin, end };
}

/** @param entries sorted by where they begin */
function checkTiling(file: string, entries: readonly Entry[], dataLength: number): void {
  let position = 0;
  let before = 'the header';
  for (const { name, begin, end } of entries) {
    if (end > dataLength) {
      throw new InputError(
        file,
        name,
        `data_offsets [${begin}, ${end}] reach outside the file, which has ${dataLength} bytes of data (cut short?)`,
      );
    }
    if (begin < position) {
      throw new InputError(
        file,
        name,
        `begins at byte ${begin}, overlapping ${before}, which ends at ${position}`,
      );
    }
    if (begin > position) {
      throw new InputError(
        file,
        name,
        `begins at byte ${begin}, leaving a hole after ${before}, which ends at ${position}`,
      );
    }
    position = end;
    before = `"${name}"`;
  }
  if (position < dataLength) {
    throw new InputError(
      file,
      'data',
      `${dataLength - position} bytes after ${before} belong to no tensor, expected the file to end there`,
    );
  }
}

type WrittenDtype = 'F32' | 'I32' | 'I64' | 'U32' | 'U8';
const written: Record<WrittenDtype, new (length: number) => HostTensor['data']> = {
  I64: BigInt64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  U8: Uint8Array,
};

/**
 * A safetensors file of F32, I32, U32, I64 and U8 tensors. Tensors of wider elements come first, so that each is aligned
 * to its own size; otherwise the order is the map's. The header lists them by offset and is padded with spaces to a
 * multiple of 8 bytes.
 *
 * @throws TypeError for another dtype, or data that is not its dtype's or shape's
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, HostTensor>,
  metadata?: Record<string, string>,
): Uint8Array<ArrayBuffer> {
  const width = ({ data }: HostTensor): number => data.BYTES_PER_ELEMENT;
  const sorted = [...tensors].sort(([, a], [, b]) => width(b) - width(a));
  let position = 0;
  const entries: [string, unknown][] = metadata ? [['__metadata__', metadata]] : [];
  for (const [name, { dtype, shape, data }] of sorted) {
    const type = written[dtype as WrittenDtype];
    if (!type || !(data instanceof type) || data.length !== elementCount(shape)) {
      throw new TypeError(
        `safetensors: ${name}: cannot write ${data.constructor.name} of ${data.length} as ${dtype} ${showShape(shape)}`,
      );
    }
    entries.push([name, { dtype, shape, data_offsets: [position, position + data.byteLength] }]);
    position += data.byteLength;
  }
  // Written entry by entry: an object would put names that look like integers first.
  const text = `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
  const json = new TextEncoder().encode(text);
  const headerLength = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(LENGTH_BYTES + headerLength + position);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerLength).set(json, LENGTH_BYTES);
  position = LENGTH_BYTES + headerLength;
  for (const [, { data }] of sorted) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
