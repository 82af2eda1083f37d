import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { JobHost } from '../jobs/job.ts';
import { InputError } from '../nn/inputError.ts';

const BUILTIN = 'builtin:';

/** What a failed read says to a user. */
const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'a part of its path is no folder',
  ERR_FS_FILE_TOO_LARGE: 'it is larger than 2 GiB',
};

/** The folder of the built program: `cli.js`, the pages, `data/`. */
export const distFolder = fileURLToPath(new URL('.', import.meta.url));

/**
 * Reads a job's files from this machine: paths against `baseDir`, and `builtin:<set>/<file>` from
 * `data/<set>/<file>.gz` in the built program, uncompressed.
 */
export function fileHost(baseDir: string): JobHost {
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
        const { code, message } = error as NodeJS.ErrnoException;
        const reason = REASONS[code ?? ''] ?? message;
        throw new InputError(path, builtin ? 'built-in data' : 'file', `cannot be read: ${reason}`);
      }
    },
  };
}
