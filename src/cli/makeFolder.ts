import { mkdirSync } from 'node:fs';
import { InputError } from '../host/inputError.ts';
import { OutputError } from './outputError.ts';

/** What a disk is in, where the path is right. */
const FULL = ['ENOSPC', 'EDQUOT', 'EIO'];

/**
 * Makes a folder where there is none.
 * @throws InputError naming path and option, where that cannot be; OutputError where the disk has no room for it
 */
export function makeFolder(path: string, option: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (FULL.includes(code ?? '')) throw new OutputError(path, error);
    throw new InputError(path, option, `cannot be made a folder: ${message}`);
  }
}
