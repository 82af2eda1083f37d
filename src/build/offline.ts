import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Plugin, transformWithEsbuild } from 'vite';

/** Where the service worker lies, from the site's root: it serves what is beside it and below. */
const WORKER = 'serviceWorker.js';

/**
 * The service worker that keeps the site for when there is no network, with the list of all that the pages' build consists of. The same
 * sources give the same worker, another build another one.
 * @param file its source
 */
export function offline(file: string): Plugin {
  let publicDir = '';
  return {
    name: 'basin:offline',
    apply: 'build',
    configResolved: (config) => {
      publicDir = config.publicDir;
    },
    async writeBundle({ dir }, bundle) {
      const hash = createHash('sha256');
      // The command line's page is of no use without its server.
      const built = Object.values(bundle).filter(({ fileName }) => fileName !== 'job.html');
      for (const item of built)
        hash.update(item.fileName).update(item.type === 'chunk' ? item.code : item.source);
      const copied = publicDir === '' ? [] : readdirSync(publicDir);
      for (const name of copied) hash.update(name).update(readFileSync(join(publicDir, name)));
      const files = [...built.map(({ fileName }) => fileName), ...copied].sort();
      const { code } = await transformWithEsbuild(readFileSync(file, 'utf8'), WORKER, {
        minify: true,
        define: { FILES: JSON.stringify(files), VERSION: JSON.stringify(hash.digest('hex').slice(0, 16)) },
      });
      await writeFile(join(dir!, WORKER), code);
    },
  };
}
