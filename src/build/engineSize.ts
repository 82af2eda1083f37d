import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { build, type Rollup, transformWithEsbuild } from 'vite';
import { type CommonConfig, libraryBuild } from './libraryBuild.ts';

/** Bytes of the engine (`src/engine.ts`) as a page has it, minified and gzipped. */
export interface EngineSize {
  /** What is loaded at once. */
  readonly entry: number;
  /** What is loaded when a kernel of the family is first wanted. */
  readonly kernels: Readonly<Record<string, number>>;
}

/**
 * Builds the engine and weighs it; writes nothing.
 * @param sources the folder `src/`
 */
export async function engineSize(common: CommonConfig, sources: string): Promise<EngineSize> {
  const config = libraryBuild(common, { engine: join(sources, 'engine.ts') });
  const built = (await build({
    ...config,
    build: { ...config.build, write: false },
  })) as Rollup.RollupOutput[];
  const chunks = built.flatMap(({ output }) => output).filter((file) => file.type === 'chunk');
  const sizes = await Promise.all(
    chunks.map(async ({ name, isEntry, code }) => {
      // Vite leaves the white space of a library as it is; the page that bundles it does not.
      const minified = await transformWithEsbuild(code, 'engine.js', { minify: true });
      const { length } = await promisify(gzip)(minified.code, { level: 9 });
      return { name, isEntry, length };
    }),
  );
  const loaded = sizes.filter(({ isEntry }) => !isEntry);
  return {
    entry: sizes.find(({ isEntry }) => isEntry)!.length,
    kernels: Object.fromEntries(loaded.map(({ name, length }) => [name.replace('kernels/', ''), length])),
  };
}
