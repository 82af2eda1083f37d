import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build, type InlineConfig, type Plugin } from 'vite';
import { engineSize } from './engineSize.ts';
import { libraryBuild } from './libraryBuild.ts';
import { quiet } from './quiet.ts';
import { wgslPlugin } from './wgslPlugin.ts';

/** Looked up on the user's machine when they are wanted; everything else is bundled. */
const RUN_TIME = ['webgpu', 'playwright-core'];

/**
 * After the pages: the library (`basin.js`, and `node.js` for what it has under Node alone), that which `bench` compares its cold
 * start with, and the command line (`cli.js`, which Node runs without node_modules). Prints what the engine weighs.
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
        const library = async (entry: string, fileName: string, outDir: string): Promise<void> => {
          const config = libraryBuild(common, root, entry, fileName);
          await build({ ...config, build: { ...config.build, outDir, emptyOutDir: false } });
        };
        await library('src/index.ts', 'basin.js', dist);
        await build(underNode(common, root, dist));
        await library('src/bench/basinAdapter.ts', 'basin.js', join(dist, 'bench'));
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
        const { entry, kernels } = await engineSize(common, root);
        const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1);
        const families = Object.values(kernels);
        const all = families.reduce((sum, size) => sum + size, 0);
        process.stderr.write(
          `engine, minified and gzipped: ${kilobytes(entry)} kB, and up to ${kilobytes(Math.max(...families))} kB for each ` +
            `of ${families.length} families of kernels that is used (${kilobytes(all)} kB in all)\n`,
        );
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
