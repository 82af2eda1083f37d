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

/** Builds the engine and weighs it; writes nothing. */
export async function engineSize(common: CommonConfig, root: string): Promise<EngineSize> {
  const config = libraryBuild(common, root, 'src/engine.ts', 'engine.js');
  const built = (await build({
    ...config,
    build: { ...config.build, write: false },
  })) as Rollup.RollupOutput[];
  const chunks = built.flatMap(({ output }) => output).filter((file) => file.type === 'chunk');
  const sizeOf = async ({ code }: Rollup.OutputChunk): Promise<number> => {
    // Vite leaves the white space of a library as it is; the page that bundles it does not.
    const minified = await transformWithEsbuild(code, 'engine.js', { minify: true });
    return (await promisify(gzip)(minified.code, { level: 9 })).length;
  };
  const atOnce = await Promise.all(loadedWith(chunks.find(({ isEntry }) => isEntry)!, chunks).map(sizeOf));
  const families = chunks.filter(({ name }) => name.startsWith('kernels/'));
  const kernels = families.map(async (chunk) => [chunk.name.replace('kernels/', ''), await sizeOf(chunk)]);
  return {
    entry: atOnce.reduce((sum, length) => sum + length),
    kernels: Object.fromEntries(await Promise.all(kernels)),
  };
}

/** A chunk and those that it imports, which the browser asks for before it runs. */
function loadedWith(entry: Rollup.OutputChunk, chunks: readonly Rollup.OutputChunk[]): Rollup.OutputChunk[] {
  const found = new Set([entry]);
  for (const { imports } of found) {
    for (const chunk of chunks) if (imports.includes(chunk.fileName)) found.add(chunk);
  }
  return [...found];
}
