import { existsSync, rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { execute, ROOT } from './basin.ts';

/** What `npm publish` would send, and folders with it installed. */
export interface Packed {
  /** Path of the library's tarball. */
  readonly tarball: string;
  /**
   * Installs the library in a user's folder as npm does, and makes that a project of ES modules where it is none.
   * @param beside packages of the checkout that the user has too, such as `webgpu`, or `basin-cli`, which is dist/
   */
  install(folder: string, beside?: readonly string[]): Promise<void>;
}

/** The command line, a package of its own. */
const PROGRAM = 'basin-cli';

let made: Promise<Packed> | undefined;
let folder: string | undefined;

// At the end of the file whose tests have it packed.
afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** Packs the library that `npm run build` has left in dist/, once in a process; without the network. */
export function packed(): Promise<Packed> {
  made ??= pack();
  return made;
}

/** Runs npm; what it says is the error where it fails. */
export async function npm(folder: string, ...args: string[]): Promise<string> {
  const { npm_execpath: path } = process.env;
  const [program, ...first] = path?.endsWith('.js') ? [process.execPath, path] : ['npm'];
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier'];
  // What npm tells its scripts of the checkout is not for the npm of another folder.
  const inherited = Object.keys(process.env).filter((name) => /^npm_(config|package|lifecycle)_/.test(name));
  const env = Object.fromEntries(inherited.map((name) => [name, undefined]));
  const { stdout, stderr, exitCode } = await execute(program!, [...first, ...args, ...quiet], folder, env);
  if (exitCode !== 0) throw new Error(`npm ${args.join(' ')} ended with ${exitCode}: ${stderr}${stdout}`);
  return stdout;
}

/** Packs a folder that has a package.json; the tarball's path. */
export async function packFolder(folder: string, destination: string): Promise<string> {
  const [{ filename }] = JSON.parse(await npm(folder, 'pack', '--json', '--pack-destination', destination));
  return join(destination, filename);
}

async function pack(): Promise<Packed> {
  folder = await mkdtemp(join(tmpdir(), 'basin-packed-'));
  const tarball = await packFolder(ROOT, folder);
  // The only package that the library needs, from the checkout.
  const types = await packFolder(packageFolder('@webgpu/types'), folder);
  const installed = join(folder, 'installed');
  await mkdir(installed);
  await npm(installed, 'install', '--offline', '--no-save', tarball, types);
  return {
    tarball,
    async install(target, beside = []) {
      const modules = join(target, 'node_modules');
      await cp(join(installed, 'node_modules'), modules, { recursive: true });
      for (const name of beside) {
        const at = join(modules, name);
        await mkdir(dirname(at), { recursive: true });
        await symlink(packageFolder(name), at, 'junction');
      }
      const manifest = join(target, 'package.json');
      if (!existsSync(manifest)) await writeFile(manifest, '{"type":"module"}');
    },
  };
}

function packageFolder(name: string): string {
  return name === PROGRAM ? join(ROOT, 'dist') : join(ROOT, 'node_modules', name);
}
