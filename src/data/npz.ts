import { type Dtype, elementCount, type HostArray, type HostTensor, showShape } from '../nn/hostTensor.ts';
import { InputError } from '../nn/inputError.ts';
import { decodeElements, dtypeBytes } from './dtype.ts';
import { unzip } from './zip.ts';

const dtypes: Record<string, Dtype> = {
  '<f8': 'F64',
  '<f4': 'F32',
  '<f2': 'F16',
  '<i8': 'I64',
  '<i4': 'I32',
  '<i2': 'I16',
  '|i1': 'I8',
  '|u1': 'U8',
  '|b1': 'BOOL',
};

/**
 * Reads a `.npz` archive as `numpy.savez` and `numpy.savez_compressed` write it: a zip of `.npy` files, versions 1 to
 * 3, in C or Fortran order, little-endian. As strict as readSafetensors.
 *
 * @returns the arrays by name, without ".npy", row-major
 * @throws InputError for a damaged archive, a member that is no `.npy` file, an unknown dtype, a wrong length
 */
export function readNpz(file: string, bytes: Uint8Array): Map<string, HostTensor> {
  const tensors = new Map<string, HostTensor>();
  for (const [member, content] of unzip(file, bytes)) {
    if (!member.endsWith('.npy'))
      throw new InputError(file, member, 'expected the name of an array, ending in .npy');
    const name = member.slice(0, -'.npy'.length);
    tensors.set(name, readNpy(file, name, content));
  }
  return tensors;
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
  if (begin + length > bytes.length) {
    throw refuse(`header should have ${length} bytes, but only ${bytes.length - begin} follow (cut short?)`);
  }
  const header = parseHeader(new TextDecoder().decode(bytes.subarray(begin, begin + length)), refuse);
  const { dtype, fortranOrder, shape } = header;
  const needed = elementCount(shape) * dtypeBytes[dtype];
  const found = bytes.length - begin - length;
  if (needed !== found) {
    throw refuse(`shape ${showShape(shape)} of ${dtype} needs ${needed} bytes, found ${found}`);
  }
  const data = decodeElements(dtype, bytes.subarray(begin + length));
  return { dtype, shape, data: fortranOrder && shape.length > 1 ? rowMajor(data, shape) : data };
}

interface NpyHeader {
  dtype: Dtype;
  fortranOrder: boolean;
  shape: number[];
}

/** The header is a Python dict with exactly the keys descr, fortran_order and shape, in any order. */
function parseHeader(text: string, refuse: (reason: string) => InputError): NpyHeader {
  const malformed = (): InputError =>
    refuse(`malformed .npy header ${JSON.stringify(text.trim().slice(0, 80))}`);
  const body = /^\{(.*)\}\s*$/s.exec(text.trim())?.[1];
  if (body === undefined) throw malformed();
  const values = new Map<string, string>();
  const entry = /\s*'(\w+)'\s*:\s*('[^']*'|True|False|\([\d\s,]*\)|\[.*\])\s*(?:,|$)\s*/sy;
  while (entry.lastIndex < body.length) {
    const match = entry.exec(body);
    if (!match || values.has(match[1] as string)) throw malformed();
    values.set(match[1] as string, match[2] as string);
  }
  const descr = values.get('descr');
  const order = values.get('fortran_order');
  const shape = values.get('shape');
  if (values.size !== 3 || !descr || !order || !shape) throw malformed();
  if (!/^(True|False)$/.test(order) || !/^\((\d+\s*,\s*)*(\d+)?\s*\)$/.test(shape)) throw malformed();
  const dtype = dtypes[descr.slice(1, -1)];
  if (!dtype) throw refuse(`unknown dtype ${descr}, expected one of ${Object.keys(dtypes).join(', ')}`);
  const sizes = shape.match(/\d+/g)?.map(Number) ?? [];
  if (!sizes.every(Number.isSafeInteger)) throw malformed();
  return { dtype, fortranOrder: order === 'True', shape: sizes };
}

/** Elements whose first index runs fastest, brought into the order where the last one does. */
function rowMajor(data: HostArray, shape: readonly number[]): HostArray {
  const result = data.slice();
  const strides = shape.map((_, axis) => elementCount(shape.slice(0, axis)));
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
