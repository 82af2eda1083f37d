import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { formatJson } from '../present/formatJson.ts';
import { EMPTY_TABLE, parseTable, type TunedTable } from '../tuning/tunedTable.ts';
import { writeOutput } from './writeOutput.ts';

/**
 * The file that $BASIN_KERNELS names, else `basin/kernels.json` in the user's cache folder: $XDG_CACHE_HOME, ~/.cache, or
 * %LOCALAPPDATA% on Windows.
 */
export function kernelCachePath(env: NodeJS.ProcessEnv = process.env): string {
  if (env.BASIN_KERNELS) return env.BASIN_KERNELS;
  const local = process.platform === 'win32' ? env.LOCALAPPDATA : undefined;
  return join(env.XDG_CACHE_HOME || local || join(homedir(), '.cache'), 'basin', 'kernels.json');
}

/** What was measured on this machine; nothing, and a line on standard error, if the file cannot be used. */
export function readKernelCache(path = kernelCachePath()): TunedTable {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') ignored(path, error as Error);
    return EMPTY_TABLE;
  }
  try {
    return parseTable(JSON.parse(text));
  } catch (error) {
    ignored(path, error as Error);
    return EMPTY_TABLE;
  }
}

function ignored(path: string, { message }: Error): void {
  process.stderr.write(`basin: the kernel cache ${path} is ignored: ${message.split('\n')[0]}\n`);
}

/** Writes the whole file or nothing. @throws OutputError */
export async function writeKernelCache(table: TunedTable, path = kernelCachePath()): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  await writeOutput(path, `${formatJson(table)}\n`);
}

export function clearKernelCache(path = kernelCachePath()): void {
  rmSync(path, { force: true });
}
