import { InputError } from '../host/inputError.ts';
import { crc32 } from './crc32.ts';
import { inflateExactly, requireModestExpansion } from './inflateExactly.ts';

/** Whether bytes begin like a gzip file. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 };

/**
 * Unpacks a gzip file of one member (RFC 1952), checking its length and CRC-32, so that a file cut short or damaged is
 * refused. Takes memory for the length that its trailer says, which must be modest.
 * @throws InputError
 */
export function gunzip(file: string, bytes: Uint8Array): Uint8Array {
  const refuse = (reason: string): InputError => new InputError(file, 'gzip', reason);
  const flags = bytes[3] ?? 0;
  if (bytes.length < 18) throw refuse(`cut short at ${bytes.length} bytes`);
  if (bytes[2] !== 8 || flags & FLAG.reserved) throw refuse('unknown compression method or flags');
  let position = 10;
  if (flags & FLAG.extra) position += 2 + ((bytes[10] as number) | ((bytes[11] as number) << 8));
  for (const text of [FLAG.name, FLAG.comment]) {
    if (!(flags & text)) continue;
    const end = bytes.indexOf(0, position);
    if (end < 0) throw refuse('cut short in its header');
    position = end + 1;
  }
  if (flags & FLAG.headerCrc) position += 2;
  const trailer = bytes.length - 8;
  if (position > trailer) throw refuse('cut short in its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset + trailer);
  const size = view.getUint32(4, true);
  requireModestExpansion(size, bytes.length, refuse);
  const data = inflateExactly(bytes.subarray(position, trailer), size, refuse);
  if (view.getUint32(0, true) !== crc32(data)) throw refuse('damaged: CRC-32 does not match');
  return data;
}
