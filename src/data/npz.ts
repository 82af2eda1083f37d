import { type Dtype, elementCount, type HostArray, type HostTensor } from '../host/hostTensor.ts';
import { InputError } from '../host/inputError.ts';
import { showShape } from '../host/showShape.ts';
import { showValue } from '../host/showValue.ts';
import { decodeElements, dtypeBytes } from './dtype.ts';
import { type NpyHeader, parseNpyHeader } from './npyHeader.ts';
import { requireBytes } from './requireBytes.ts';
import { unzip } from './zip.ts';

/** NumPy's type characters and sizes. */
const dtypes: Record<string, Dtype> = {
  f8: 'F64',
  f4: 'F32',
  f2: 'F16',
  i8: 'I64',
  i4: 'I32',
  i2: 'I16',
  i1: 'I8',
  u8: 'U64',
  u4: 'U32',
  u2: 'U16',
  u1: 'U8',
  b1: 'BOOL',
};

/** Bytes of a header; NumPy itself reads 10,000 unless told otherwise. */
const LONGEST_HEADER = 65536;
const MOST_DIMENSIONS = 64;

/**
 * Reads a `.npz` archive as `numpy.savez` and `numpy.savez_compressed` write it: a zip of `.npy` files, versions 1 to
 * 3, in C or Fortran order, little-endian. What is no `.npy` file in it is left alone. Arrays of other types (text, objects,
 * big-endian) are there as `unread`, for whoever needs one to refuse it.
 *
 * @returns the arrays by name, without ".npy", row-major
 * @throws InputError for a damaged archive, an array that is no `.npy` file, a header that lies, a wrong length; for what are no bytes
 */
export function readNpz(file: string, bytes: Uint8Array): Map<string, HostTensor> {
  requireBytes('readNpz', file, bytes);
  const tensors = new Map<string, HostTensor>();
  for (const [member, content] of unzip(file, bytes, isArray)) {
    const name = member.slice(0, -'.npy'.length);
    tensors.set(name, readNpy(file, name, content));
  }
  return tensors;
}

/** macOS puts files of its own under __MACOSX/, named like those beside which they stand. */
function isArray(member: string): boolean {
  return member.endsWith('.npy') && !member.startsWith('__MACOSX/');
}

/** Reads one `.npy` array. @throws InputError, as readNpz */
export function readNpy(file: string, name: string, bytes: Uint8Array): HostTensor {
  const refuse = (reason: string): InputError => new InputError(file, name, reason);
  if (bytes.length < 12) throw refuse(`cut short at ${bytes.length} bytes, expected an array in .npy format`);
  if (new TextDecoder('latin1').decode(bytes.subarray(0, 6)) !== '\x93NUMPY') {
    throw refuse('does not begin with the signature of the .npy format');
  }
  const major = bytes[6] as number;
  if (major < 1 || major > 3) throw refuse(`.npy version ${major}, expected 1, 2 or 3`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > LONGEST_HEADER) throw refuse(`header of ${length} bytes, expected at most ${LONGEST_HEADER}`);
  if (begin + length > bytes.length) {
    throw refuse(`header should have ${length} bytes, but only ${bytes.length - begin} follow (cut short?)`);
  }
  const { descr, fortranOrder, shape } = headerOf(bytes.subarray(begin, begin + length), refuse);
  const dtype = readDtype(descr);
  if (dtype === undefined) return { dtype: 'unread', type: descr, shape, data: new Uint8Array(0) };
  const needed = elementCount(shape) * dtypeBytes[dtype];
  const found = bytes.length - begin - length;
  if (needed !== found) {
    throw refuse(`shape ${showShape(shape)} of ${dtype} needs ${needed} bytes, found ${found}`);
  }
  const data = decodeElements(dtype, bytes.subarray(begin + length));
  return { dtype, shape, data: fortranOrder && shape.length > 1 ? rowMajor(data, shape) : data };
}

function headerOf(bytes: Uint8Array, refuse: (reason: string) => InputError): NpyHeader {
  const text = new TextDecoder().decode(bytes);
  const header = parseNpyHeader(text);
  if (!header) throw refuse(`malformed .npy header ${showValue(text.trim())}`);
  if (header.shape.length > MOST_DIMENSIONS) {
    throw refuse(`shape of ${header.shape.length} dimensions, expected at most ${MOST_DIMENSIONS}`);
  }
  return header;
}

/** The type of a descr such as "<f4"; "=", "|" and nothing are this machine's order, which is little-endian everywhere. */
function readDtype(descr: string): Dtype | undefined {
  const bigEndian = descr.startsWith('>');
  const type = /^[<>=|]/.test(descr) ? descr.slice(1) : descr;
  const dtype = Object.hasOwn(dtypes, type) ? dtypes[type] : undefined;
  return dtype !== undefined && bigEndian && dtypeBytes[dtype] > 1 ? undefined : dtype;
}

/** Elements whose first index runs fastest, brought into the order where the last one does. */
function rowMajor(data: HostArray, extents: readonly number[]): HostArray {
  const result = data.slice();
  const shape = extents.filter((extent) => extent !== 1);
  let elements = 1;
  const strides = shape.map((extent) => {
    const stride = elements;
    elements *= extent;
    return stride;
  });
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    result[to] = data[from] as never;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] as number) + 1;
      from += strides[axis] as number;
      index[axis] = next;
      if (next < (shape[axis] as number)) break;
      from -= next * (strides[axis] as number);
      index[axis] = 0;
    }
  }
  return result;
}
