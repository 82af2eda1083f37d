import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Rollup, transformWithEsbuild } from 'vite';

/** Puts a stylesheet into the build, minified. @returns its path from the site's root, the same however often it is asked for */
export async function emitStyle(build: Rollup.PluginContext, file: string): Promise<string> {
  const name = basename(file);
  const { code } = await transformWithEsbuild(await readFile(file, 'utf8'), name, {
    loader: 'css',
    minify: true,
  });
  return build.getFileName(build.emitFile({ type: 'asset', name, source: code }));
}
