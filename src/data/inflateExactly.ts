import { Inflate } from 'fflate';
import type { InputError } from '../host/inputError.ts';

/** Deflate makes at most 1,032 bytes of one (RFC 1951: 258 bytes for two bits). */
const MOST_PER_BYTE = 1032;
/** So much may be made of any file, */
const SMALL = 2 ** 26;
/** … and of a larger one so many times its size. Arrays of numbers pack far less, bombs far more. */
const MOST_EXPANSION = 100;
/** Bytes that go in at once, so that at most 34 MB come out before the length is looked at. */
const CHUNK = 2 ** 15;

/**
 * Refuses what a packed file says it holds, before anything is unpacked, if no one would store numbers so.
 * @param size bytes to be unpacked of the whole file
 * @throws InputError
 */
export function requireModestExpansion(
  size: number,
  packedSize: number,
  refuse: (reason: string) => InputError,
): void {
  if (size <= Math.max(SMALL, MOST_EXPANSION * packedSize)) return;
  throw refuse(
    `says that its ${packedSize} bytes unpack to ${size}, expected at most ${MOST_EXPANSION} times as many; ` +
      'if that is right, store it without compression',
  );
}

/**
 * Inflates raw deflate data (RFC 1951) of which the unpacked length is known. Memory is taken for that length only, and
 * work ends soon after it is passed.
 * @throws InputError for damaged data, or if it does not unpack to exactly `size` bytes
 */
export function inflateExactly(
  packed: Uint8Array,
  size: number,
  refuse: (reason: string) => InputError,
): Uint8Array {
  if (size > MOST_PER_BYTE * packed.length) {
    throw refuse(`says that ${packed.length} bytes unpack to ${size}, which deflate cannot do (cut short?)`);
  }
  const data = new Uint8Array(size);
  let position = 0;
  let excess = false;
  const inflate = new Inflate((chunk) => {
    excess = position + chunk.length > size;
    if (excess) return;
    data.set(chunk, position);
    position += chunk.length;
  });
  try {
    for (let begin = 0; begin < packed.length && !excess; begin += CHUNK) {
      inflate.push(packed.subarray(begin, begin + CHUNK), begin + CHUNK >= packed.length);
    }
  } catch (error) {
    throw refuse(`cut short or damaged: ${(error as Error).message}`);
  }
  if (excess) throw refuse(`damaged: unpacks to more than the ${size} bytes that it says (cut short?)`);
  if (position !== size) throw refuse(`holds ${position} bytes, says that it holds ${size} (cut short?)`);
  return data;
}
