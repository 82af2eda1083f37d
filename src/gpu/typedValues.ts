import { InputError } from '../host/inputError.ts';
import { requireAwaited } from '../host/requireAwaited.ts';
import { showValue } from '../host/showValue.ts';
import type { StateOptions } from './state.ts';

/** Numbers for a state: typed, or a list. */
export type GivenValues = Float32Array | Uint32Array | readonly number[];

/**
 * Given numbers as an array that can be uploaded; those that are typed are themselves.
 * @param label of the state, for the message
 * @throws InputError for what holds no numbers of the state's type, a list with something else among them too
 */
export function typedValues(
  label: string,
  given: GivenValues,
  dtype: Required<StateOptions>['dtype'],
): Float32Array | Uint32Array {
  if (given instanceof Uint32Array) return given;
  if (given instanceof Float32Array && dtype === 'f32') return given;
  requireAwaited(label, 'values', given);
  if (!Array.isArray(given)) {
    const expected = dtype === 'u32' ? 'a Uint32Array' : 'a Float32Array';
    throw new InputError(label, 'values', `${showValue(given)}, expected ${expected} or a list of numbers`);
  }
  const fits = (n: unknown) => (dtype === 'u32' ? (n as number) >>> 0 === n : typeof n === 'number');
  const odd = given.findIndex((n) => !fits(n));
  if (odd >= 0) {
    const expected = dtype === 'u32' ? 'an integer from 0 to 2³² − 1' : 'a number';
    throw new InputError(label, `values ${odd}`, `${showValue(given[odd])}, expected ${expected}`);
  }
  return dtype === 'u32' ? Uint32Array.from(given) : Float32Array.from(given);
}
