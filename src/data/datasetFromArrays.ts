import type { Dtype, HostArray, HostTensor } from '../host/hostTensor.ts';
import { InputError } from '../host/inputError.ts';
import { requireAwaited } from '../host/requireAwaited.ts';
import { showValue } from '../host/showValue.ts';
import { type Dataset, datasetFromTensors } from './dataset.ts';

/** Examples in typed arrays, row-major. */
export interface ExampleArrays {
  /** How messages name the data; `data` if left out. */
  readonly name?: string;
  /** All examples' numbers; bytes stand for value/255, other integers are class indices, as of the tokens of a text. */
  readonly x: HostArray;
  /**
   * Integers are class indices, one an example, or one for each index of sequences; floating-point numbers are targets, the
   * same number for each example.
   */
  readonly y: HostArray;
  /** Of one example, as `[28, 28]` or `[3, 32, 32]`; by default a vector of what x has for each label. */
  readonly exampleShape?: readonly number[];
}

const TYPES: readonly (readonly [new (...args: never[]) => HostArray, Dtype])[] = [
  [Float64Array, 'F64'],
  [Float32Array, 'F32'],
  [BigInt64Array, 'I64'],
  [BigUint64Array, 'U64'],
  [Int32Array, 'I32'],
  [Uint32Array, 'U32'],
  [Int16Array, 'I16'],
  [Uint16Array, 'U16'],
  [Int8Array, 'I8'],
  [Uint8Array, 'U8'],
];

/**
 * A data set from typed arrays, which it keeps: the same as `datasetFromTensors` makes of a file that holds them.
 * @example
 * datasetFromArrays({ x: pixels, y: Uint8Array.from(labels), exampleShape: [28, 28] })
 * @throws InputError naming x, y or exampleShape: no typed array, lengths that are of no whole number of examples or of different
 *   numbers of them, a label below 0 or above 2²⁴ − 1, a NaN or an infinity
 */
export function datasetFromArrays({ name = 'data', x, y, exampleShape }: ExampleArrays): Dataset {
  const xType = typeOf(name, 'x', x);
  const yType = typeOf(name, 'y', y);
  const areTargets = yType === 'F32' || yType === 'F64';
  if (!exampleShape && areTargets) {
    const labels = 'class indices are integers, such as Uint8Array.from(labels)';
    const targets = 'targets need exampleShape, which tells how many there are for an example';
    throw new InputError(name, 'y', `holds floating-point numbers, which are targets: ${labels}; ${targets}`);
  }
  const shape = exampleShape ?? [wholeParts(name, 'x', x.length, y.length, 'labels in y')];
  const features = shape.reduce((product, extent) => product * extent, 1);
  if (!shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
    throw new InputError(name, 'exampleShape', `is ${showValue(exampleShape)}, expected positive integers`);
  }
  const examples = wholeParts(name, 'x', x.length, features, 'numbers of an example');
  const width = areTargets ? [wholeParts(name, 'y', y.length, examples, 'examples in x')] : [];
  const tensors: [string, HostTensor][] = [
    ['x', { dtype: xType, shape: [examples, ...shape], data: x }],
    ['y', { dtype: yType, shape: [areTargets ? examples : y.length, ...width], data: y }],
  ];
  return datasetFromTensors(name, new Map(tensors));
}

function typeOf(name: string, key: string, values: unknown): Dtype {
  requireAwaited(name, key, values);
  const type = TYPES.find(([array]) => values instanceof array)?.[1];
  if (type) return type;
  const expected =
    key === 'x' ? 'a Float32Array or a Uint8Array' : 'integers (class indices) or floats (targets)';
  throw new InputError(name, key, `is ${showValue(values)}, expected a typed array: ${expected}`);
}

/** How many numbers each of some parts has. */
function wholeParts(name: string, key: string, length: number, parts: number, of: string): number {
  if (parts > 0 && length > 0 && length % parts === 0) return length / parts;
  throw new InputError(name, key, `has ${length} numbers, expected a multiple of the ${parts} ${of}`);
}
