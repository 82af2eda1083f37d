import type { InlineConfig } from 'vite';
import { quiet } from './quiet.ts';

/** What the build of a library says, beside what all builds do. */
export type CommonConfig = Pick<
  InlineConfig,
  'configFile' | 'root' | 'mode' | 'define' | 'logLevel' | 'publicDir' | 'plugins'
>;

/** What is looked up where the library runs: Node's own modules, and packages that its user installs. */
const OUTSIDE = [/^node:/, 'webgpu', 'playwright-core', '@playwright/test'];

/**
 * A library for pages and for Node: entries, what several of them need in chunks beside them, and what is loaded when it is first
 * wanted, the kernels of a family in a chunk of their own. All names but the entries' hold a hash, since an entry of one version must
 * not meet the kernels of another in a browser's cache. White space stays: with it would go the annotations by which whoever bundles
 * the library leaves out what he does not use.
 *
 * @param entries sources by the names of their files, without the ending
 */
export function libraryBuild(
  common: CommonConfig,
  entries: Readonly<Record<string, string>>,
): InlineConfig & { build: NonNullable<InlineConfig['build']> } {
  return {
    ...common,
    // Names stay too: they stand in stack traces, and Node prints them.
    esbuild: { minifyIdentifiers: false, minifySyntax: true, minifyWhitespace: false },
    build: {
      target: 'es2022',
      minify: 'esbuild',
      emptyOutDir: false,
      lib: { entry: entries, formats: ['es'], fileName: (_format, name) => `${name}.js` },
      rollupOptions: {
        external: OUTSIDE,
        onwarn: quiet,
        output: {
          manualChunks: chunkOf,
          // A file takes Node and a browser longer than some lines too many.
          experimentalMinChunkSize: 20_000,
          chunkFileNames: ({ name }) => `${name.startsWith('kernels/') ? '' : 'chunks/'}[name]-[hash].js`,
        },
      },
    },
  };
}

/**
 * Packages stand apart, so that who takes nothing of what needs one is spared it; what is there for its effect, since
 * `sideEffects` of package.json names its file; and what is loaded on demand though it is small, since it would be merged into
 * what loads it.
 */
function chunkOf(id: string): string | undefined {
  if (id.endsWith('/gpu/profileDispatches.ts')) return 'profileDispatches';
  if (id.endsWith('/autograd/compareDerivatives.ts')) return 'compareDerivatives';
  if (id.endsWith('/gpu/kernelRefusal.ts')) return 'kernelRefusal';
  if (id.endsWith('/gpu/adapterCures.ts')) return 'adapterCures';
  if (id.endsWith('/gpu/disposeSymbol.ts')) return 'disposeSymbol';
  return /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1];
}
