import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { build, type InlineConfig, type Plugin, transformWithEsbuild } from 'vite';
import { wgslPlugin } from './wgslPlugin.ts';

/** Looked up on the user's machine when they are wanted; everything else is bundled. */
const RUN_TIME = ['webgpu', 'playwright-core'];

/** Comments that a dependency places where Rollup does not look are no news. */
export const quiet: NonNullable<NonNullable<InlineConfig['build']>['rollupOptions']>['onwarn'] = (
  warning,
  warn,
) => {
  if (warning.code !== 'INVALID_ANNOTATION') warn(warning);
};

/**
        await build(library('src/index.ts', 'basin.js', dist));
        await build(underNode(common, root, dist));
 * `bench` compares its cold start, and the command line (`cli.js`, which Node runs without node_modules). Prints what the engine weighs.
 */
export function bundles(root: string, dist: string): Plugin {
  let mode = 'production';
  let define: InlineConfig['define'] = {};
  let logLevel: InlineConfig['logLevel'] = 'warn';
  return {
    name: 'basin:bundles',
    apply: (_config, { command }) => command === 'build',
    configResolved: (config) => {
      mode = config.mode;
      define = config.define;
      logLevel = config.logLevel === 'silent' ? 'silent' : 'warn';
    },
    closeBundle: {
      sequential: true,
      order: 'post',
      handler: async () => {
        const common = {
          configFile: false as const,
          root,
          mode,
          define,
          logLevel,
          publicDir: false as const,
          plugins: [wgslPlugin()],
        };
        const library = (entry: string, fileName: string, outDir: string): InlineConfig => ({
          ...common,
          build: {
            outDir,
            emptyOutDir: false,
            target: 'es2022',
            minify: 'esbuild',
            lib: { entry: join(root, entry), formats: ['es'], fileName: () => fileName },
            rollupOptions: { onwarn: quiet, output: { inlineDynamicImports: true } },
          },
        });
        await build(library('src/index.ts', 'basin.js', dist));
        await build(underNode(common, root, dist));
        await build(library('src/engine.ts', 'engine.js', join(root, '.cache')));
        await build(library('src/bench/basinAdapter.ts', 'basin.js', join(dist, 'bench')));
        await build({
          ...common,
          ssr: { noExternal: true, external: RUN_TIME },
          build: {
            ssr: join(root, 'src/cli/main.ts'),
            outDir: dist,
            emptyOutDir: false,
            target: 'node20',
            minify: false,
            rollupOptions: {
              external: RUN_TIME,
              onwarn: quiet,
              output: {
                inlineDynamicImports: true,
                entryFileNames: 'cli.js',
                banner: '#!/usr/bin/env node',
              },
            },
          },
        });
        await declarations(root, dist);
        // Vite leaves the white space of a library as it is; the page that bundles it does not.
        const engine = await readFile(join(root, '.cache/engine.js'), 'utf8');
        const { code } = await transformWithEsbuild(engine, 'engine.js', { minify: true });
        const kilobytes = (await promisify(gzip)(code, { level: 9 })).length / 1000;
        process.stderr.write(`engine, minified and gzipped: ${kilobytes.toFixed(1)} kB\n`);
      },
    },
  };
}

/**
 * `node.js`: what the library has under Node alone. The rest it takes from `basin.js`, so that a program that imports both
 * has each class once.
 */
function underNode(common: InlineConfig, root: string, dist: string): InlineConfig {
  const source = join(root, 'src');
  return {
    ...common,
    plugins: [
      {
        name: 'basin:one-library',
        enforce: 'pre',
        // What lies outside of the command line's files is the library's.
        resolveId: (id, importer) =>
          importer && id.startsWith('.') && !join(dirname(importer), id).startsWith(join(source, 'cli'))
            ? { id: './basin.js', external: true }
            : null,
      },
    ],
    ssr: { noExternal: true, external: RUN_TIME },
    build: {
      ssr: join(source, 'node.ts'),
      outDir: dist,
      emptyOutDir: false,
      target: 'node20',
      minify: false,
      rollupOptions: { external: RUN_TIME, onwarn: quiet, output: { entryFileNames: 'node.js' } },
    },
  };
}

/** `dist/types`: the declarations of the library, and of what it is made of. */
async function declarations(root: string, dist: string): Promise<void> {
  const config = join(root, `.cache/types-${process.pid}.json`);
  const settings = {
    extends: '../tsconfig.json',
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rewriteRelativeImportExtensions: true,
      rootDir: '../src',
      outDir: join(dist, 'types'),
    },
    files: ['index.ts', 'node.ts', 'gpu/wgsl.d.ts', 'build/version.d.ts', 'build/wgslReflect.d.ts'].map(
      (file) => `../src/${file}`,
    ),
    include: [],
  };
  await writeFile(config, JSON.stringify(settings));
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', config]);
  await rm(config);
}
