import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { InputError } from '../host/inputError.ts';
import type { JobHost } from '../jobs/job.ts';
import { findPackage } from './findPackage.ts';
import { unreadable } from './readInput.ts';

const BUILTIN = 'builtin:';

/** The folder of the built program: `cli.js`, the pages, `data/`. */
export const distFolder = dirname(fileURLToPath(import.meta.url));

/** The built-in data sets: beside the built program; the library finds them in the package `basin-cli` where that is installed. */
function dataFolder(): string | undefined {
  const beside = join(distFolder, 'data');
  if (existsSync(beside)) return beside;
  const manifest = findPackage('basin-cli/package.json');
  return manifest && join(dirname(manifest), 'data');
}

/**
 * Reads a job's files from this machine: paths against `baseDir`, and `builtin:<set>/<file>` from
 * `<set>/<file>.gz` in the folder of the built-in data, uncompressed.
 *
 * @throws InputError, of its functions: a file that cannot be read; a built-in set where none are installed
 */
export function fileHost(baseDir: string): Required<JobHost> {
  return {
    async read(path) {
      const builtin = path.startsWith(BUILTIN);
      const folder = builtin ? dataFolder() : baseDir;
      if (folder === undefined) {
        const where =
          'it comes with the npm package basin-cli (mnist, fashion-mnist, moby-dick), which is not installed here';
        throw new InputError(path, 'built-in data', where);
      }
      const file = resolve(folder, builtin ? `${path.slice(BUILTIN.length)}.gz` : path);
      try {
        const bytes = await readFile(file);
        return new Uint8Array(builtin ? gunzipSync(bytes) : bytes);
      } catch (error) {
        throw unreadable(path, builtin ? 'built-in data' : 'file', file, error);
      }
    },
    async find(path) {
      const tried = resolve(baseDir, path);
      const found = await stat(tried).catch(() => null);
      return { path: tried, is: found === null ? 'nothing' : found.isDirectory() ? 'folder' : 'file' };
    },
  };
}
