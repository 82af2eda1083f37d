import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { JobHost } from '../jobs/job.ts';
import { unreadable } from './readInput.ts';

const BUILTIN = 'builtin:';

/** The folder of the built program: `cli.js`, the pages, `data/`. */
export const distFolder = fileURLToPath(new URL('.', import.meta.url));

/**
 * Reads a job's files from this machine: paths against `baseDir`, and `builtin:<set>/<file>` from
 * `data/<set>/<file>.gz` in the built program, uncompressed.
 */
export function fileHost(baseDir: string): Required<JobHost> {
  return {
    async read(path) {
      const builtin = path.startsWith(BUILTIN);
      const file = builtin
        ? resolve(distFolder, 'data', `${path.slice(BUILTIN.length)}.gz`)
        : resolve(baseDir, path);
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
