import { InputError } from './inputError.ts';
import { showValue } from './showValue.ts';

/**
 * Refuses options that are no object of known keys, such as a number alone: nothing that was meant is left out unseen.
 * @param by what takes them, for the message
 * @throws InputError naming the key, if there is one of no option
 */
export function requireOptions(by: string, given: unknown, known: readonly string[]): void {
  const expected = `expected { ${known.join(', ')} }, each of which may be left out`;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new InputError(by, 'options', `${showValue(given)}, ${expected}`);
  }
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new InputError(by, unknown, `is no option, ${expected}`);
}
