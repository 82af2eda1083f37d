import { foreignFormat } from '../host/foreignFormat.ts';
import { elementCount } from '../host/hostTensor.ts';
import { InputError } from '../host/inputError.ts';
import { showShape } from '../host/showShape.ts';
import { gunzip, isGzip } from './gunzip.ts';

const UNSIGNED_BYTE = 0x08;

/** An IDX array of unsigned bytes, row-major. */
export interface IdxArray {
  shape: number[];
  data: Uint8Array;
}

/**
 * Reads an IDX file of unsigned bytes (MNIST's format), packed by gzip or not: two zero bytes, the type, the number of
 * dimensions, each dimension as a big-endian u32, the elements.
 *
 * @throws InputError for a wrong signature or type, a file cut short or with bytes left over
 */
export function readIdx(file: string, bytes: Uint8Array): IdxArray {
  const content = isGzip(bytes) ? gunzip(file, bytes) : bytes;
  const refuse = (reason: string): InputError => new InputError(file, 'IDX header', reason);
  if (content.length < 4) throw refuse(`cut short: the file has ${content.length} bytes`);
  const [zero0, zero1, type, dimensions] = content as unknown as [number, number, number, number];
  if (zero0 !== 0 || zero1 !== 0)
    throw refuse(foreignFormat(content) ?? `begins with bytes ${zero0} ${zero1}, expected 0 0`);
  if (type !== UNSIGNED_BYTE)
    throw refuse(`element type ${type}, expected unsigned bytes (${UNSIGNED_BYTE})`);
  const begin = 4 + 4 * dimensions;
  if (dimensions === 0) throw refuse('no dimensions, expected at least one');
  if (content.length < begin) {
    throw refuse(`cut short: ${dimensions} dimensions need ${begin} bytes, the file has ${content.length}`);
  }
  const view = new DataView(content.buffer, content.byteOffset);
  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis, false));
  const needed = elementCount(shape);
  if (content.length - begin !== needed) {
    throw new InputError(
      file,
      'IDX data',
      `shape ${showShape(shape)} needs ${needed} bytes, found ${content.length - begin}`,
    );
  }
  // A plain view: subarray() of Node's Buffer would be a Buffer again.
  return { shape, data: new Uint8Array(content.buffer, content.byteOffset + begin, needed) };
}
