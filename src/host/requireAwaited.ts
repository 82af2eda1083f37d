import { InputError } from './inputError.ts';

/**
 * Refuses a promise where its value is expected: an `await` that was left out.
 * @param by what it was given to, for the message
 * @param call what gives such a value, where that is known
 * @throws InputError
 */
export function requireAwaited(by: string, item: string, given: unknown, call = 'it'): void {
  if (!(given instanceof Promise)) return;
  // It is refused whatever becomes of it: where it fails later, this message stays the one that is seen.
  given.catch(() => {});
  throw new InputError(by, item, `is a Promise: await ${call}`);
}
