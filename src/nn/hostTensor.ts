import { InputError } from './inputError.ts';

/** Element types as safetensors names them. F16 and BF16 are decoded to float32 when they are read. */
export type Dtype = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

export type HostArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array;

/** A tensor in host memory, row-major. `dtype` is the file's; `data` has one entry for each element. */
export interface HostTensor {
  dtype: Dtype;
  shape: number[];
  data: HostArray;
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A shape as messages print it: [2, 3]. */
export function showShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
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
    throw new InputError(file, name, `found dtype ${tensor.dtype}, expected floating point (F32)`);
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
