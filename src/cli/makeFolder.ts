import { mkdirSync } from 'node:fs';
import { InputError } from '../host/inputError.ts';

/** Makes a folder where there is none. @throws InputError naming path and option, where that cannot be */
export function makeFolder(path: string, option: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new InputError(path, option, `cannot be made a folder: ${(error as Error).message}`);
  }
}
