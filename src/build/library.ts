import { readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Rollup } from 'vite';

/** What `package.json` exports: sources below `src/`, by the names of the library's files. */
const ENTRIES = ['index', 'engine', 'jobs', 'node', 'playwright'];

/** The folder below `src/` whose files are the library's namespaces, and where these lie beside the entries. */
const SOURCES = 'library';
const NAMESPACES = 'namespaces';

/** The sources of the library's files by the names of these, without their endings. */
export function libraryEntries(sources: string): Record<string, string> {
  const namespaces = readdirSync(join(sources, SOURCES)).map((file) => basename(file, '.ts'));
  return {
    ...Object.fromEntries(ENTRIES.map((name) => [name, join(sources, `${name}.ts`)])),
    ...Object.fromEntries(
      namespaces.map((name) => [`${NAMESPACES}/${name}`, join(sources, SOURCES, `${name}.ts`)]),
    ),
  };
}

/**
 * Leaves each namespace in a file of its own, which the entries take as a whole (`export * as ops from './namespaces/ops.js'`). In a
 * file with them it would be an object, and whoever bundles the library could leave out nothing of it.
 *
 * @param sources the folder of the entries, be it of sources or of their declarations
 */
export function namespacesApart(sources: string): Rollup.Plugin & { enforce: 'pre' } {
  return {
    name: 'basin:namespaces',
    enforce: 'pre',
    resolveId(id, importer) {
      if (!importer || !id.startsWith('.')) return null;
      const path = resolve(importer, '..', id);
      if (resolve(importer, '..') !== sources || resolve(path, '..') !== join(sources, SOURCES)) return null;
      return { id: `./${NAMESPACES}/${basename(path).replace(/\..*$/, '')}.js`, external: true };
    },
  };
}
