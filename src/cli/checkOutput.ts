import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { InputError } from '../host/inputError.ts';
import { type OutputTarget, outputTarget } from './outputTarget.ts';

/**
 * Checks before a long run that its result can be written.
 * @throws InputError naming the option, the path and what is wrong.
 */
export function checkOutput(option: string, path: string | undefined): void {
  if (path === undefined) return;
  const refuse = (reason: string): InputError => new InputError(path, option, `cannot be written: ${reason}`);
  const target = targetOf(option, path);
  if (target.stat?.isDirectory()) throw refuse('it is a folder');
  if (target.kind === 'descriptor') {
    if (!target.stat) throw refuse(`the descriptor ${target.descriptor} is not open`);
  } else if (target.stat) {
    if (!mayWrite(target.path)) throw refuse('permission denied');
  } else {
    const folder = dirname(target.path);
    const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
    if (!isFolder || !mayWrite(folder)) throw refuse(`${folder} is no folder that can be written to`);
  }
}

/**
 * Checks all outputs of one run: each as `checkOutput` does, and that no two of them lead to one file, whichever links they
 * take.
 * @param outputs path by option
 * @throws InputError
 */
export function checkOutputs(outputs: Readonly<Record<string, string | undefined>>): void {
  const seen = new Map<string, string>();
  for (const [option, path] of Object.entries(outputs)) {
    if (path === undefined) continue;
    checkOutput(option, path);
    const target = targetOf(option, path);
    // A character device, such as a terminal or the null device, takes what several write to it.
    if (target.stat?.isCharacterDevice()) continue;
    const identity = target.stat ? fileIdentity(target.stat) : (target as { path: string }).path;
    const other = seen.get(identity);
    if (other !== undefined) throw new InputError(path, option, `is the same file as ${other}`);
    seen.set(identity, option);
  }
}

/**
 * Checks before a long run that a file of it can be replaced again and again, whole each time: it is written beside the one that
 * is there, which a pipe or a device does not allow, and neither does a folder that takes no files.
 * @throws InputError
 */
export function checkReplaceable(option: string, path: string): void {
  const refuse = (reason: string): InputError =>
    new InputError(path, option, `cannot be replaced: ${reason}`);
  const target = targetOf(option, path);
  if (target.kind !== 'file') throw refuse('it is no regular file');
  const folder = dirname(target.path);
  if (!mayWrite(folder)) throw refuse(`${folder} is no folder that can be written to`);
}

/** What two names of one file have in common. */
export function fileIdentity({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

function targetOf(option: string, path: string): OutputTarget {
  try {
    return outputTarget(path);
  } catch (error) {
    throw new InputError(path, option, (error as Error).message);
  }
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
