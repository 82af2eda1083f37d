import { InputError } from '../host/inputError.ts';
import { requireAwaited } from '../host/requireAwaited.ts';
import { showValue } from '../host/showValue.ts';

/**
 * Refuses what is given for a file's bytes and is none: a path alone, an ArrayBuffer, a promise of them.
 * @param reader the function that reads them, for the message
 * @throws InputError
 */
export function requireBytes(reader: string, file: string, bytes: unknown): void {
  if (bytes instanceof Uint8Array) return;
  const name = typeof file === 'string' ? file : reader;
  requireAwaited(name, 'bytes', bytes);
  const found = bytes instanceof ArrayBuffer ? 'an ArrayBuffer' : showValue(bytes);
  const reason = `${found} given, expected the bytes of the file in a Uint8Array: ${reader}(name, await readFile(path))`;
  throw new InputError(name, 'bytes', reason);
}
