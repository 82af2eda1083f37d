import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { build, type Rollup, transformWithEsbuild } from 'vite';
import { type CommonConfig, libraryBuild } from './libraryBuild.ts';

/** What chunks of kernels are called, before their family. */
const KERNELS = 'kernels/';

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
  const sizes = new Map(
    await Promise.all(
      chunks.map(async ({ fileName, code }) => {
        // Vite leaves the white space of a library as it is; the page that bundles it does not.
        const minified = await transformWithEsbuild(code, 'engine.js', { minify: true });
        const { length } = await promisify(gzip)(minified.code, { level: 9 });
        return [fileName, length] as const;
      }),
    ),
  );
  const families = chunks.filter(({ name }) => name.startsWith(KERNELS));
  return {
    entry: [...loadedAtOnce(chunks)].reduce((sum, file) => sum + (sizes.get(file) ?? 0), 0),
    kernels: Object.fromEntries(
      families.map(({ name, fileName }) => [name.slice(KERNELS.length), sizes.get(fileName)!]),
    ),
  };
}

/** The files that a page loads with the entries, what these import included. */
export function loadedAtOnce(chunks: readonly Rollup.OutputChunk[]): Set<string> {
  const loaded = new Set<string>();
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    chunks.find(({ fileName }) => fileName === file)?.imports.forEach(load);
  };
  for (const { fileName, isEntry } of chunks) if (isEntry) load(fileName);
  return loaded;
}
