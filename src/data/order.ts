import { type HostTensor, showDtype } from '../host/hostTensor.ts';
import { InputError } from '../host/inputError.ts';
import { showShape } from '../host/showShape.ts';

/**
 * The table of an order file: tensor `order`, int32 [steps, batchSize], each entry an example's index. More rows than
 * steps are allowed and left unread.
 *
 * @returns the first `steps` rows, row-major
 * @throws InputError for a missing tensor, another dtype or shape, too few rows, an index outside [0, examples)
 */
export function orderTable(
  file: string,
  tensors: ReadonlyMap<string, HostTensor>,
  expected: { steps: number; batchSize: number; examples: number },
): Uint32Array {
  const { steps, batchSize, examples } = expected;
  const tensor = tensors.get('order');
  const refuse = (reason: string): InputError => new InputError(file, 'order', reason);
  if (!tensor) throw refuse(`missing from the file, expected int32 [${steps}, ${batchSize}]`);
  const [rows = 0, columns] = tensor.shape;
  if (tensor.dtype !== 'I32') throw refuse(`found dtype ${showDtype(tensor)}, expected I32`);
  if (tensor.shape.length !== 2 || columns !== batchSize || rows < steps) {
    throw refuse(`found shape ${showShape(tensor.shape)}, expected [${steps}, ${batchSize}]`);
  }
  const table = (tensor.data as Int32Array).subarray(0, steps * batchSize);
  const wrong = table.findIndex((index) => index < 0 || index >= examples);
  if (wrong >= 0) {
    const at = `[${Math.floor(wrong / batchSize)}, ${wrong % batchSize}]`;
    throw refuse(`entry ${at} is ${table[wrong]}, expected an example from 0 to ${examples - 1}`);
  }
  return Uint32Array.from(table);
}
