import { elementCount, finiteFloat32, type HostTensor, showShape } from './hostTensor.ts';
import { InputError } from './inputError.ts';
import type { StateTensor } from './modelSpec.ts';

/** Averages that a training run writes beside the state dict; skipped unless asked for. */
const AVERAGES = ['swa.', 'ema.'];
/** num_batches_tracked is one unsigned integer on the device. */
const LARGEST_COUNT = 2 ** 32 - 1;

/** A state dict by name: float32, and the counts of batches as integers. */
export type StateValues = ReadonlyMap<string, Float32Array | Uint32Array>;

/**
 * Picks a model's state dict out of the tensors of a file.
 *
 * Names under `swa.` and `ema.` are skipped; with `prefix` ("swa.") only names under it are taken and the plain state
 * dict and the other averages are skipped. A prefix that begins with `replica.` picks one run out of a sweep's file.
 *
 * @param layout from stateDictLayout
 * @returns every tensor of the layout by its plain name, in its order; num_batches_tracked as one element
 * @throws InputError for unknown names, missing names (all are listed), a wrong shape or dtype, a NaN or infinity
 */
export function loadStateDict(
  file: string,
  tensors: ReadonlyMap<string, HostTensor>,
  layout: readonly StateTensor[],
  options: { prefix?: string } = {},
): Map<string, Float32Array | Uint32Array> {
  const prefix = options.prefix ?? '';
  const names = new Set(layout.map((tensor) => tensor.name));
  for (const name of tensors.keys()) {
    if (!isExpected(name, prefix, names)) {
      throw new InputError(file, name, `unknown name, expected ${list(prefixed(prefix, names))}`);
    }
  }
  const missing = prefixed(prefix, names).filter((name) => !tensors.has(name));
  if (missing.length > 0) {
    throw new InputError(file, list(missing), 'missing from the file, expected by the model');
  }
  return new Map(
    layout.map((tensor) => {
      const name = prefix + tensor.name;
      return [tensor.name, load(file, name, tensors.get(name) as HostTensor, tensor)];
    }),
  );
}

/**
 * A state dict as tensors to write to a file, under `prefix` if one is given. Counts become int64, as in PyTorch.
 *
 * @param values every tensor of the layout by its plain name
 * @throws Error if a value is missing or its length is not its shape's: a fault of the program, not of a file
 */
export function stateDictTensors(
  values: StateValues,
  layout: readonly StateTensor[],
  options: { prefix?: string } = {},
): Map<string, HostTensor> {
  return new Map(
    layout.map(({ name, shape, dtype }) => {
      const data = values.get(name);
      if (data?.length !== elementCount(shape)) {
        throw new Error(
          `state dict: ${name}: found ${data?.length ?? 'no'} elements, expected ${showShape(shape)}`,
        );
      }
      const tensor: HostTensor =
        dtype === 'I64'
          ? { dtype, shape, data: BigInt64Array.from([...data], (value) => BigInt(value)) }
          : { dtype, shape, data: data as Float32Array };
      return [(options.prefix ?? '') + name, tensor];
    }),
  );
}

/** Whether a name is one to load, or one that may stand beside those and is skipped. */
function isExpected(name: string, prefix: string, names: ReadonlySet<string>): boolean {
  const isAverage = (plain: string): boolean => AVERAGES.some((average) => plain.startsWith(average));
  if (name.startsWith(prefix)) {
    const plain = name.slice(prefix.length);
    const holdsAverages = prefix === '' || /^replica\.\d+\.$/.test(prefix);
    return names.has(plain) || (holdsAverages && isAverage(plain));
  }
  if (prefix.startsWith('replica.')) return /^replica\.\d+\./.test(name);
  return names.has(name) || isAverage(name);
}

function load(
  file: string,
  name: string,
  tensor: HostTensor,
  expected: StateTensor,
): Float32Array | Uint32Array {
  if (showShape(tensor.shape) !== showShape(expected.shape)) {
    throw new InputError(
      file,
      name,
      `found shape ${showShape(tensor.shape)}, expected ${showShape(expected.shape)}`,
    );
  }
  if (expected.dtype === 'F32') return finiteFloat32(file, name, tensor);
  if (tensor.dtype !== 'I64' && tensor.dtype !== 'I32') {
    throw new InputError(file, name, `found dtype ${tensor.dtype}, expected I64`);
  }
  const count = Number(tensor.data[0]);
  if (count < 0 || count > LARGEST_COUNT) {
    throw new InputError(file, name, `is ${count}, expected a count from 0 to ${LARGEST_COUNT}`);
  }
  return Uint32Array.of(count);
}

function prefixed(prefix: string, names: Iterable<string>): string[] {
  return Array.from(names, (name) => prefix + name);
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'no tensors' : names.join(', ');
}
