import { fstatSync, readFileSync, statSync } from 'node:fs';
import { devNull } from 'node:os';
import { OutputError, STANDARD_OUTPUT } from './outputError.ts';
import { writeAll } from './writeAll.ts';

/**
 * Writes to standard output and waits until all of it is taken.
 * @throws OutputError, with the code EPIPE where the reader wants no more
 */
export async function print(text: string): Promise<void> {
  try {
    await writeAll(1, text);
  } catch (error) {
    throw new OutputError(STANDARD_OUTPUT, error);
  }
}

/** Of the flags with which a file was opened: how it may be used, and to read and write. */
const ACCESS = 0o3;
const READ_AND_WRITE = 0o2;

/**
 * Whether what is printed goes nowhere, and not by a redirection to the null device: Node puts that, opened to read and
 * write, in the place of a standard output that was closed. Programs that start others without an output do the same. Only
 * Linux tells.
 */
export function isOutputClosed(): boolean {
  try {
    const [flags] = /(?<=^flags:\s*)\d+/m.exec(readFileSync('/proc/self/fdinfo/1', 'utf8')) ?? ['0'];
    const isNull = fstatSync(1).rdev === statSync(devNull).rdev;
    return isNull && (Number.parseInt(flags, 8) & ACCESS) === READ_AND_WRITE;
  } catch {
    return false;
  }
}
