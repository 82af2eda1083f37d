import { join } from 'node:path';
import type { OutputOptions } from 'rollup';
import { build, type InlineConfig, type Plugin } from 'vite';
import { declarations } from './declarations.ts';
import { engineSize } from './engineSize.ts';
import { libraryEntries, namespacesApart } from './library.ts';
import { type CommonConfig, libraryBuild } from './libraryBuild.ts';
import { plotOffset } from './plotOffset.ts';
import { programManifest, RUN_TIME } from './programManifest.ts';
import { quiet } from './quiet.ts';
import { wgslPlugin } from './wgslPlugin.ts';

/**
 * After the pages: the library (`library/`, the package that the root's manifest packs); what `bench` runs beside other libraries,
 * and what it compares its cold start with (`bench/`); and the command line (`cli.js`, which Node runs without node_modules, and
 * `figures.js`, which it reads when it draws), with the manifest by which the folder is a package of its own. Prints what the engine weighs.
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
        const sources = join(root, 'src');
        const common = {
          configFile: false as const,
          root,
          mode,
          define,
          logLevel,
          publicDir: false as const,
          plugins: [wgslPlugin()],
        };
        const typed = declarations(root, join(dist, 'library'));
        await write(
          { ...common, plugins: [namespacesApart(sources), ...common.plugins] },
          libraryEntries(sources),
          join(dist, 'library'),
        );
        const bench = join(dist, 'bench');
        await write(common, { runner: join(sources, 'bench/benchRunner.ts') }, bench);
        const cold = { basin: 'basinAdapter', 'basin-train': 'basinTraining' };
        for (const [key, file] of Object.entries(cold)) {
          await write(common, { [key]: join(sources, `bench/${file}.ts`) }, join(bench, 'cold'));
        }
        const figures = join(sources, 'cli/figureText.ts');
        await build({
          ...common,
          plugins: [...common.plugins, fileApart(figures, './figures.js')],
          ...underNode(join(sources, 'cli/main.ts'), dist, {
            entryFileNames: 'cli.js',
            banner: '#!/usr/bin/env node',
          }),
        });
        await build({
          ...common,
          plugins: [plotOffset()],
          ...underNode(figures, dist, { entryFileNames: 'figures.js' }, true),
        });
        await programManifest(root, dist);
        await typed;
        const { entry, kernels } = await engineSize(common, sources);
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

/** A program of one file, with all that it needs. */
function underNode(entry: string, outDir: string, output: OutputOptions, minify = false): InlineConfig {
  return {
    ssr: { noExternal: true, external: RUN_TIME },
    build: {
      ssr: entry,
      outDir,
      emptyOutDir: false,
      target: 'node20',
      minify,
      rollupOptions: {
        external: RUN_TIME,
        onwarn: quiet,
        output: { inlineDynamicImports: true, ...output },
      },
    },
  };
}

/** A module that stays a file of its own: what is imported on demand within one file is evaluated at its start all the same. */
function fileApart(module: string, file: string): Plugin {
  return {
    name: 'basin:file-apart',
    enforce: 'pre',
    async resolveId(source, importer, options) {
      const found = await this.resolve(source, importer, { ...options, skipSelf: true });
      return found?.id === module && importer ? { id: file, external: true } : null;
    },
  };
}

async function write(
  common: CommonConfig,
  entries: Readonly<Record<string, string>>,
  outDir: string,
): Promise<void> {
  const config = libraryBuild(common, entries);
  await build({ ...config, build: { ...config.build, outDir } });
}
