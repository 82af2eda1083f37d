import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { distFolder } from '../fileHost.ts';

/** The other implementations, ready to be loaded. */
export interface Peers {
  /** bench/peers. */
  folder: string;
  /** Names of the files in bench/peers/adapters, without their ending. */
  keys: string[];
  /** Names of the files in bench/peers/task, Basin's among them; `task-` and the name is where a worker finds one. */
  tasks: string[];
}

/** The checkout that this program was built in, if it still lies there. */
export function checkoutFolder(): string | undefined {
  const root = join(distFolder, '..');
  return existsSync(join(root, 'bench/peers/package.json')) ? root : undefined;
}

/**
 * Installs the peers' packages if that has not been done, and bundles their adapters. What this prints goes to
 * standard error.
 * @returns undefined outside of a checkout.
 * @throws when npm or the bundler fails.
 */
export function preparePeers(): Peers | undefined {
  const root = checkoutFolder();
  if (root === undefined) return undefined;
  const folder = join(root, 'bench/peers');
  if (!isInstalled(folder)) {
    process.stderr.write('installing what Basin is compared with, in bench/peers …\n');
    const npm = process.env.npm_execpath;
    const [program, ...args] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
    run(folder, program!, [...args, 'ci', '--prefix', folder]);
  }
  run(folder, process.execPath, ['build.mjs']);
  return { folder, keys: namesIn(folder, 'adapters'), tasks: namesIn(folder, 'task') };
}

/**
 * Bundles Basin's program of bench/peers/task alone; nothing is installed.
 * @returns undefined outside of a checkout.
 * @throws when the bundler fails.
 */
export function prepareOwnTask(): Peers | undefined {
  const root = checkoutFolder();
  if (root === undefined) return undefined;
  const folder = join(root, 'bench/peers');
  run(folder, process.execPath, ['build.mjs', '--own']);
  return { folder, keys: [], tasks: ['basin'] };
}

function namesIn(folder: string, kind: 'adapters' | 'task'): string[] {
  return readdirSync(join(folder, kind)).map((file) => file.replace(/\.js$/, ''));
}

function isInstalled(folder: string): boolean {
  const time = (file: string) => statSync(join(folder, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return time('node_modules/.package-lock.json') >= time('package-lock.json');
}

function run(cwd: string, program: string, args: string[]): void {
  const shell = program === 'npm' && process.platform === 'win32';
  const { status, error } = spawnSync(program, args, { cwd, stdio: ['ignore', 2, 2], shell });
  if (status !== 0) {
    const why = error?.message ?? `it ended with ${status}`;
    throw new Error(`${[program, ...args].join(' ')} failed in ${cwd}: ${why}; --no-peers times Basin alone`);
  }
}
