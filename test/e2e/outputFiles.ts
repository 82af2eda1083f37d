import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { readSafetensors } from '../../src/data/safetensors.ts';

/** Files by their paths below a folder, in order. */
function* pathsIn(folder: string, below = ''): Generator<string> {
  for (const name of readdirSync(join(folder, below)).sort()) {
    const path = join(below, name);
    if (statSync(join(folder, path)).isDirectory()) yield* pathsIn(folder, path);
    else yield path;
  }
}

/** What is in the files of a folder, but for dates and how long something took. */
export function filesIn(folder: string): Map<string, string> {
  return new Map(
    [...pathsIn(folder)].map((path) => [path, withoutTimes(readFileSync(join(folder, path), 'latin1'))]),
  );
}

function withoutTimes(text: string): string {
  return text.replace(/"date": ".*"|"(seconds|minutes)": [\d.e-]+|\d+(\.\d+)? (min|s)\b/g, '');
}

/** Whether the bytes of a file are all there, by what its kind ends with or says of its size. */
const WHOLE: Readonly<Record<string, (bytes: Buffer) => unknown>> = {
  '.json': (bytes) => JSON.parse(bytes.toString('utf8')),
  '.safetensors': (bytes) => readSafetensors('file', bytes),
  '.snapshot': (bytes) => readSafetensors('file', bytes),
  '.svg': (bytes) => endsWith(bytes, '</svg>'),
  '.html': (bytes) => endsWith(bytes, '</html>'),
};

function endsWith(bytes: Buffer, end: string): void {
  if (!bytes.toString('utf8').trimEnd().endsWith(end)) throw new Error(`does not end with ${end}`);
}

/** Files below a folder of which a part is missing, but for some that are none of ours. */
export function halfFiles(folder: string, isOther = (_path: string): boolean => false): string[] {
  return [...pathsIn(folder)].flatMap((path) => {
    if (isOther(path)) return [];
    try {
      WHOLE[extname(path)]?.(readFileSync(join(folder, path)));
      return [];
    } catch (error) {
      return [`${path}: ${(error as Error).message}`];
    }
  });
}
