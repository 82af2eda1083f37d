import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const LAUNCHER = join(ROOT, 'src', 'cli', 'launch.mjs');

export interface Ended {
  stdout: string;
  stderr: string;
  exitCode: number | null;
}

/** Runs a program to its end. */
export function execute(program: string, args: string[], cwd: string, env = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ ...output, exitCode }));
  });
}

/** Runs `basin` as in a checkout, from a folder of the caller's, without what its user has tuned. */
export function basin(args: string[], cwd: string, env = {}): Promise<Ended> {
  return execute(process.execPath, [LAUNCHER, ...args], cwd, {
    BASIN_KERNELS: join(cwd, 'no kernels.json'),
    ...env,
  });
}

/** A folder outside of the checkout, gone after use. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'basin-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
