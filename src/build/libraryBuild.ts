import { join } from 'node:path';
import type { InlineConfig } from 'vite';
import { quiet } from './quiet.ts';

/** What the build of a library says, beside what all builds do. */
export type CommonConfig = Pick<
  InlineConfig,
  'configFile' | 'root' | 'mode' | 'define' | 'logLevel' | 'publicDir' | 'plugins'
>;

/**
 * A library for pages and for Node: an entry, and beside it what is loaded when it is first wanted, the kernels of a family in a
 * chunk of their own. All names but the entry's hold a hash, since an entry of one version must not meet the kernels of another in a
 * browser's cache.
 */
export function libraryBuild(
  common: CommonConfig,
  root: string,
  entry: string,
  fileName: string,
): InlineConfig & { build: NonNullable<InlineConfig['build']> } {
  return {
    ...common,
    build: {
      target: 'es2022',
      minify: 'esbuild',
      lib: { entry: join(root, entry), formats: ['es'], fileName: () => fileName },
      rollupOptions: {
        onwarn: quiet,
        output: {
          chunkFileNames: ({ name }) => `${name.startsWith('kernels/') ? '' : 'chunks/'}[name]-[hash].js`,
        },
      },
    },
  };
}
