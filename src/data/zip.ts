import { inflateSync } from 'fflate';
import { InputError } from '../nn/inputError.ts';
import { crc32 } from './crc32.ts';

const SIGNATURE = { end: 0x06054b50, central: 0x02014b50, local: 0x04034b50 };
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;

/**
 * The members of a zip archive by name, stored or deflated, each checked against its length and CRC-32. fflate's own
 * reader checks neither, and lets a second member of one name replace the first, so only its inflate is used.
 * Archives above 4 GiB (zip64) and encrypted members are refused.
 *
 * @throws InputError naming the archive, the member and the reason
 */
export function unzip(file: string, bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const members = new Map<string, Uint8Array>();
  const end = findEnd(view);
  if (end < 0) throw new InputError(file, 'archive', 'cut short or no zip archive: its directory is missing');
  const memberCount = view.getUint16(end + 10, true);
  let entry = view.getUint32(end + 16, true);
  for (let index = 0; index < memberCount; index++) {
    const label = `member ${index}`;
    if (entry + CENTRAL_BYTES > end || view.getUint32(entry, true) !== SIGNATURE.central) {
      throw new InputError(file, label, `directory entry expected at byte ${entry}, found none`);
    }
    const nameLength = view.getUint16(entry + 28, true);
    const name = decodeName(bytes.subarray(entry + CENTRAL_BYTES, entry + CENTRAL_BYTES + nameLength));
    if (members.has(name)) throw new InputError(file, name, 'occurs twice in the archive, expected once');
    members.set(name, readMember(file, name, bytes, view, entry));
    entry += CENTRAL_BYTES + nameLength + view.getUint16(entry + 30, true) + view.getUint16(entry + 32, true);
  }
  return members;
}

/** The end record is the last thing in the file, but for a comment of up to 65,535 bytes. */
function findEnd(view: DataView): number {
  const first = Math.max(0, view.byteLength - END_BYTES - 0xffff);
  for (let position = view.byteLength - END_BYTES; position >= first; position--) {
    const commentLength = view.byteLength - END_BYTES - position;
    if (
      view.getUint32(position, true) === SIGNATURE.end &&
      view.getUint16(position + 20, true) === commentLength
    ) {
      return position;
    }
  }
  return -1;
}

function readMember(
  file: string,
  name: string,
  bytes: Uint8Array,
  view: DataView,
  entry: number,
): Uint8Array {
  const refuse = (reason: string): InputError => new InputError(file, name, reason);
  const flags = view.getUint16(entry + 8, true);
  const method = view.getUint16(entry + 10, true);
  const crc = view.getUint32(entry + 16, true);
  const packedSize = view.getUint32(entry + 20, true);
  const size = view.getUint32(entry + 24, true);
  const local = view.getUint32(entry + 42, true);
  if ([packedSize, size, local].includes(0xffffffff)) throw refuse('zip64 sizes above 4 GiB are not read');
  if (flags & 1) throw refuse('is encrypted');
  if (local + LOCAL_BYTES > bytes.length || view.getUint32(local, true) !== SIGNATURE.local) {
    throw refuse(`local header expected at byte ${local}, found none`);
  }
  const begin = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  if (begin + packedSize > bytes.length) {
    throw refuse(`${packedSize} bytes at ${begin} reach outside the file of ${bytes.length}`);
  }
  const packed = bytes.subarray(begin, begin + packedSize);
  const data = unpack(packed, method, refuse);
  if (data.length !== size) throw refuse(`holds ${data.length} bytes, the directory says ${size}`);
  if (crc32(data) !== crc) throw refuse('damaged: CRC-32 does not match');
  return data;
}

function unpack(packed: Uint8Array, method: number, refuse: (reason: string) => InputError): Uint8Array {
  if (method === 0) return packed;
  if (method !== 8) throw refuse(`compression method ${method}, expected stored (0) or deflated (8)`);
  try {
    return inflateSync(packed);
  } catch (error) {
    throw refuse(`damaged: ${(error as Error).message}`);
  }
}

function decodeName(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
