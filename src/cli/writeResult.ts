import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../nn/inputError.ts';

/**
 * Checks before a long run that its result can be written.
 * @throws InputError naming the option, the folder and what is wrong.
 */
export function checkOutput(option: string, path: string | undefined): void {
  if (path === undefined) return;
  const folder = dirname(resolve(path));
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new InputError(path, option, 'it is a folder');
  try {
    accessSync(folder, constants.W_OK);
    if (!statSync(folder).isDirectory()) throw new Error();
  } catch {
    throw new InputError(path, option, `cannot be written: ${folder} is no folder that can be written to`);
  }
}

/** Writes a whole file or nothing: under another name first, then renamed. */
export function writeAtomically(path: string, content: string | Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** JSON, indented, with each list of plain values on one line: losses of ten thousand steps stay readable. */
export function formatJson(value: unknown, indent = ''): string {
  const inner = `${indent}  `;
  if (ArrayBuffer.isView(value)) return formatJson(Array.from(value as Float32Array), indent);
  if (Array.isArray(value)) {
    if (!value.some((item) => typeof item === 'object' && item !== null)) return JSON.stringify(value);
    return `[\n${value.map((item) => inner + formatJson(item, inner)).join(',\n')}\n${indent}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return '{}';
  const lines = entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${formatJson(item, inner)}`);
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
