import { elementCount, type HostTensor } from '../host/hostTensor.ts';
import { InputError } from '../host/inputError.ts';
import { requireAwaited } from '../host/requireAwaited.ts';
import { showValue } from '../host/showValue.ts';
import type { StateTensor } from './modelSpec.ts';

/** One tensor as a program may give it: with its shape, or numbers alone, row-major. */
export type GivenTensor = HostTensor | Float32Array | Float64Array | Uint32Array;

/** Tensors by their state-dict names: what `readSafetensors` and a run's `stateDict` give, or an object. */
export type GivenTensors = ReadonlyMap<string, GivenTensor> | Readonly<Record<string, GivenTensor>>;

/**
 * Given tensors as those of a file, to be checked like them. Numbers alone take the shape that the layout has for their name, where
 * they are as many; integers are a count of batches.
 * @param what how messages call them
 * @param prefix of the names, before those of the layout
 * @throws InputError for what is no tensor, and what holds none by name
 */
export function givenTensors(
  what: string,
  given: GivenTensors,
  layout: readonly StateTensor[],
  prefix = '',
): Map<string, HostTensor> {
  requireByName(what, given);
  const shapes = new Map(layout.map(({ name, shape }) => [prefix + name, shape]));
  const entries = given instanceof Map ? [...given] : Object.entries(given as Record<string, GivenTensor>);
  return new Map(
    entries.map(([name, tensor]): [string, HostTensor] => {
      if (!isNumbers(tensor) && !ArrayBuffer.isView((tensor as HostTensor | undefined)?.data)) {
        throw new InputError(
          what,
          name,
          `is ${showValue(tensor)}, expected a Float32Array, or { dtype, shape, data }`,
        );
      }
      if (!isNumbers(tensor)) return [name, tensor];
      const known = shapes.get(name);
      const shape = known && elementCount(known) === tensor.length ? [...known] : [tensor.length];
      if (tensor instanceof Uint32Array) {
        return [name, { dtype: 'I64', shape, data: BigInt64Array.from(tensor, (value) => BigInt(value)) }];
      }
      return [name, { dtype: tensor instanceof Float64Array ? 'F64' : 'F32', shape, data: tensor }];
    }),
  );
}

/** @throws InputError */
function requireByName(what: string, given: unknown): void {
  requireAwaited(what, 'tensors', given);
  const isObject = typeof given === 'object' && given !== null;
  if (isObject && !Array.isArray(given) && !ArrayBuffer.isView(given)) return;
  const expected = "as data.readSafetensors and a run's stateDict give them";
  throw new InputError(what, 'tensors', `${showValue(given)} given, expected tensors by name, ${expected}`);
}

function isNumbers(tensor: GivenTensor): tensor is Float32Array | Float64Array | Uint32Array {
  return [Float32Array, Float64Array, Uint32Array].some((type) => tensor instanceof type);
}
