import { InputError } from './inputError.ts';
import { printable } from './showValue.ts';

/** Element types as safetensors names them. F16 and BF16 are decoded to float32 when they are read. */
export type Dtype =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'I64'
  | 'I32'
  | 'I16'
  | 'I8'
  | 'U64'
  | 'U32'
  | 'U16'
  | 'U8'
  | 'BOOL';

/** A tensor's elements, row-major, in the array of their type; F16 and BF16 as float32, booleans as bytes. */
export type HostArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/**
 * A tensor in host memory, row-major. `dtype` is the file's; `data` has one entry for each element. A file may hold tensors
 * that nobody asks for in types that are not read, text or float8: those have dtype `unread`, no elements, and the file's
 * name of the type.
 */
export type HostTensor =
  | { dtype: Dtype; shape: number[]; data: HostArray }
  | { dtype: 'unread'; type: string; shape: number[]; data: Uint8Array };

/** A tensor's type as messages name it. */
export function showDtype(tensor: HostTensor): string {
  return tensor.dtype === 'unread' ? printable(tensor.type, 80) : tensor.dtype;
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Refuses a tensor that holds a NaN or an infinity.
 * @throws InputError naming the file, the tensor and the first such element by its flat (row-major) index.
 */
export function requireFinite(file: string, name: string, tensor: HostTensor): void {
  const { data } = tensor;
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return;
  const index = data.findIndex((value: number) => !Number.isFinite(value));
  if (index >= 0) {
    throw new InputError(file, name, `element ${index} is ${data[index]}, expected a finite number`);
  }
}

/**
 * The values of a floating-point tensor as float32, finite.
 * @throws InputError if the tensor holds integers, a NaN or an infinity, or a float64 beyond float32's range.
 */
export function finiteFloat32(file: string, name: string, tensor: HostTensor): Float32Array {
  const { data } = tensor;
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new InputError(file, name, `found dtype ${showDtype(tensor)}, expected floating point (F32)`);
  }
  requireFinite(file, name, tensor);
  if (data instanceof Float32Array) return data;
  const narrowed = Float32Array.from(data);
  const overflow = narrowed.findIndex((value) => !Number.isFinite(value));
  if (overflow >= 0) {
    throw new InputError(file, name, `element ${overflow} is ${data[overflow]}, beyond the range of float32`);
  }
  return narrowed;
}
