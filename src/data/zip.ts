import { foreignFormat } from '../host/foreignFormat.ts';
import { InputError } from '../host/inputError.ts';
import { crc32 } from './crc32.ts';
import { inflateExactly, requireModestExpansion } from './inflateExactly.ts';

const SIGNATURE = { end: 0x06054b50, central: 0x02014b50, local: 0x04034b50 };
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;

/** A member of an archive, by what the directory says. */
interface Member {
  name: string;
  method: number;
  crc: number;
  size: number;
  /** Its local header and data lie in [local, end) of the file, the data from `begin`. */
  local: number;
  begin: number;
  end: number;
}

/**
 * Members of a zip archive by name, stored or deflated, each checked against its length and CRC-32. fflate's own
 * reader checks neither, and lets a second member of one name replace the first, so only its inflate is used. The whole
 * directory is checked before anything is unpacked: members that share bytes, or that say they unpack to much more than
 * the file, are refused, and others than those wanted are left packed. Archives above 4 GiB (zip64) and encrypted members
 * are refused.
 *
 * @param wanted which members to unpack
 * @throws InputError naming the archive, the member and the reason
 */
export function unzip(
  file: string,
  bytes: Uint8Array,
  wanted: (name: string) => boolean = () => true,
): Map<string, Uint8Array> {
  const directory = readDirectory(file, bytes);
  const members = directory.filter(({ name }) => wanted(name));
  const total = members.reduce((sum, { size }) => sum + size, 0);
  requireModestExpansion(total, bytes.length, (reason) => new InputError(file, 'archive', reason));
  return new Map(members.map((member) => [member.name, readMember(file, member, bytes)]));
}

function readDirectory(file: string, bytes: Uint8Array): Member[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const members = new Map<string, Member>();
  const end = findEnd(view);
  if (end < 0) {
    const foreign = bytes[0] === 0x50 && bytes[1] === 0x4b ? undefined : foreignFormat(bytes);
    throw new InputError(file, 'archive', foreign ?? 'cut short or no zip archive: its directory is missing');
  }
  const memberCount = view.getUint16(end + 10, true);
  const directory = view.getUint32(end + 16, true);
  let entry = directory;
  for (let index = 0; index < memberCount; index++) {
    const label = `member ${index}`;
    if (entry + CENTRAL_BYTES > end || view.getUint32(entry, true) !== SIGNATURE.central) {
      throw new InputError(file, label, `directory entry expected at byte ${entry}, found none`);
    }
    const nameLength = view.getUint16(entry + 28, true);
    const name = decodeName(bytes.subarray(entry + CENTRAL_BYTES, entry + CENTRAL_BYTES + nameLength));
    if (members.has(name)) throw new InputError(file, name, 'occurs twice in the archive, expected once');
    members.set(name, readEntry(file, name, view, entry, directory));
    entry += CENTRAL_BYTES + nameLength + view.getUint16(entry + 30, true) + view.getUint16(entry + 32, true);
  }
  const sorted = [...members.values()].sort((a, b) => a.local - b.local);
  sorted.forEach(({ name, local }, i) => {
    const before = sorted[i - 1];
    if (before && local < before.end) {
      throw new InputError(
        file,
        name,
        `begins at byte ${local}, inside "${before.name}", which ends at ${before.end}`,
      );
    }
  });
  return [...members.values()];
}

function readEntry(file: string, name: string, view: DataView, entry: number, directory: number): Member {
  const refuse = (reason: string): InputError => new InputError(file, name, reason);
  const flags = view.getUint16(entry + 8, true);
  const method = view.getUint16(entry + 10, true);
  const crc = view.getUint32(entry + 16, true);
  const packedSize = view.getUint32(entry + 20, true);
  const size = view.getUint32(entry + 24, true);
  const local = view.getUint32(entry + 42, true);
  if ([packedSize, size, local].includes(0xffffffff)) throw refuse('zip64 sizes above 4 GiB are not read');
  if (flags & 1) throw refuse('is encrypted');
  if (local + LOCAL_BYTES > view.byteLength || view.getUint32(local, true) !== SIGNATURE.local) {
    throw refuse(`local header expected at byte ${local}, found none`);
  }
  const begin = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const end = begin + packedSize;
  if (end > directory) {
    throw refuse(
      `${packedSize} bytes at ${begin} reach into the directory at ${directory}, or outside the file`,
    );
  }
  if (method === 0 && packedSize !== size) {
    throw refuse(`holds ${packedSize} bytes, the directory says ${size}`);
  }
  return { name, method, crc, size, local, begin, end };
}

function readMember(
  file: string,
  { name, method, crc, size, begin, end }: Member,
  bytes: Uint8Array,
): Uint8Array {
  const refuse = (reason: string): InputError => new InputError(file, name, reason);
  if (method !== 0 && method !== 8) {
    throw refuse(`compression method ${method}, expected stored (0) or deflated (8)`);
  }
  const packed = bytes.subarray(begin, end);
  const data = method === 0 ? packed : inflateExactly(packed, size, refuse);
  if (crc32(data) !== crc) throw refuse('damaged: CRC-32 does not match');
  return data;
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

function decodeName(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
