import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { compactWgsl } from './compactWgsl.ts';
import { reflectWgsl } from './reflectWgsl.ts';

const SHADERS = fileURLToPath(new URL('../../shaders/', import.meta.url));

/**
 * Imports a `.wgsl` file as a reflected `KernelSource`. The reflection library runs here, at build time only:
 * it is in no bundle. A build ships the kernels without their comments.
 */
export function wgslPlugin(): Plugin {
  let ships = false;
  return {
    name: 'basin:wgsl',
    enforce: 'pre',
    configResolved: ({ command }) => {
      ships = command === 'build';
    },
    async load(id) {
      const path = id.split('?')[0]!;
      if (!path.endsWith('.wgsl') || id.includes('?raw')) return null;
      const name = relative(SHADERS, path)
        .replaceAll('\\', '/')
        .replace(/\.wgsl$/, '');
      const source = reflectWgsl(name, await readFile(path, 'utf8'));
      const module = ships ? { ...source, code: compactWgsl(source.code) } : source;
      return { code: `export default ${JSON.stringify(module)};`, map: null, moduleType: 'js' };
    },
  };
}
