import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { InputError } from '../host/inputError.ts';

/** What a failed read says to a user. */
const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'a part of its path is no folder',
  ENAMETOOLONG: 'its name is too long',
  ERR_FS_FILE_TOO_LARGE: 'it is larger than 2 GiB',
};

/**
 * The refusal of a file that cannot be read, with the path that was tried where it is not the one given.
 * @param given as the user named it
 * @param tried absolute
 */
export function unreadable(given: string, item: string, tried: string, error: unknown): InputError {
  const { code, message } = error as NodeJS.ErrnoException;
  const where = tried === given ? '' : ` (${tried})`;
  return new InputError(given, item, `cannot be read: ${REASONS[code ?? ''] ?? message}${where}`);
}

/** A file that the command line names. @throws InputError if it cannot be read */
export function readInput(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(path, 'file', resolve(path), error);
  }
}
