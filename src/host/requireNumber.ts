import { InputError } from './inputError.ts';
import { showValue } from './showValue.ts';

/**
 * Refuses what is no finite number above a bound, or at it.
 * @param by what takes it, for the message
 * @throws InputError naming the item, what was found and what was expected
 */
export function requireNumber(
  by: string,
  item: string,
  found: unknown,
  bound: { readonly above: number } | { readonly least: number },
): void {
  const fits = (value: number): boolean => ('above' in bound ? value > bound.above : value >= bound.least);
  if (typeof found === 'number' && Number.isFinite(found) && fits(found)) return;
  const expected = 'above' in bound ? `above ${bound.above}` : `of at least ${bound.least}`;
  throw new InputError(by, item, `is ${showValue(found)}, expected a number ${expected}`);
}

/** Refuses what is no integer of at least so many. @throws InputError as `requireNumber` */
export function requireCount(by: string, item: string, found: unknown, least: number): void {
  if (Number.isInteger(found) && (found as number) >= least) return;
  throw new InputError(by, item, `is ${showValue(found)}, expected an integer of at least ${least}`);
}

/** Refuses what is no word of a random stream's key. @throws InputError as `requireNumber` */
export function requireSeed(by: string, item: string, found: unknown): void {
  if (Number.isInteger(found) && (found as number) >= 0 && (found as number) < 2 ** 32) return;
  throw new InputError(by, item, `is ${showValue(found)}, expected an integer in [0, 2³²)`);
}
