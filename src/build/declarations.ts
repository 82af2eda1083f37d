import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { libraryEntries, namespacesApart } from './library.ts';
import { plainTypes } from './plainTypes.ts';

/**
 * What the declarations need of whoever uses them, beside TypeScript's defaults. Its own declarations of pages have WebGPU from 6.0
 * on, and would clash with those of `@webgpu/types`: `imports` of package.json has the compiler's version decide.
 */
const NEEDS = '/// <reference lib="esnext.disposable" />\nimport \'#webgpu\';';
const WEBGPU = {
  'webgpu/package.d.ts': '/// <reference types="@webgpu/types" />\nexport {};\n',
  'webgpu/builtIn.d.ts': 'export {};\n',
};

/**
 * The declarations of the library beside its files, one for each and one for what they share; with the comments of the sources.
 * @param outDir folder of the library
 */
export async function declarations(root: string, outDir: string): Promise<void> {
  const sources = join(root, 'src');
  const folder = join(root, `.cache/types-${process.pid}`);
  await compile(root, sources, folder);
  const files = await readdir(folder, { recursive: true });
  await plainTypes(files.filter((file) => file.endsWith('.d.ts')).map((file) => join(folder, file)));
  const declared = (source: string): string =>
    join(folder, relative(sources, source)).replace(/\.ts$/, '.d.ts');
  const bundle = await rollup({
    input: Object.fromEntries(
      Object.entries(libraryEntries(sources)).map(([name, source]) => [name, declared(source)]),
    ),
    external: [/^node:/, '@playwright/test'],
    treeshake: { moduleSideEffects: false },
    plugins: [namespacesApart(folder), dts()],
  });
  await bundle.write({
    dir: outDir,
    entryFileNames: '[name].d.ts',
    chunkFileNames: ({ name }) => `chunks/${name.replace(/\.d$/, '')}.d.ts`,
    hoistTransitiveImports: false,
    banner: NEEDS,
  });
  await bundle.close();
  await mkdir(join(outDir, 'webgpu'), { recursive: true });
  for (const [name, text] of Object.entries(WEBGPU)) await writeFile(join(outDir, name), text);
  await rm(folder, { recursive: true });
}

/** What the compiler declares of every source that the library is made of. */
async function compile(root: string, sources: string, outDir: string): Promise<void> {
  const config = `${outDir}.json`;
  const settings = {
    extends: relative(dirname(config), join(root, 'tsconfig.json')),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rewriteRelativeImportExtensions: true,
      rootDir: sources,
      outDir,
    },
    files: [
      ...Object.values(libraryEntries(sources)),
      ...['gpu/wgsl.d.ts', 'build/version.d.ts', 'build/wgslReflect.d.ts'].map((file) => join(sources, file)),
    ],
    include: [],
  };
  await writeFile(config, JSON.stringify(settings));
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', config]);
  await rm(config);
}
