import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { compactWgsl } from './compactWgsl.ts';
import { KERNEL_EDIT, type KernelEdit } from './kernelEdit.ts';
import { reflectWgsl } from './reflectWgsl.ts';

const SHADERS = fileURLToPath(new URL('../../shaders/', import.meta.url));

/**
 * Imports a `.wgsl` file as a reflected `KernelSource`. The reflection library runs here, at build time only:
 * it is in no bundle. A build ships the kernels without their comments, but for imports with `?commented`, whose text is
 * to be read.
 *
 * Under `npm run dev` a written file is sent to the open pages in place of a reload (`KERNEL_EDIT`): what is to run it
 * imports it anew in another worker.
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
      const [path, query = ''] = id.split('?') as [string, string?];
      if (!path.endsWith('.wgsl') || query.includes('raw')) return null;
      // The page's folder is watched by itself; the shaders lie beside it.
      this.addWatchFile(path);
      const source = reflectWgsl(kernelName(path), await readFile(path, 'utf8'));
      const compact = ships && !query.includes('commented');
      const module = compact ? { ...source, code: compactWgsl(source.code) } : source;
      return { code: `export default ${JSON.stringify(module)};`, map: null, moduleType: 'js' };
    },
    async handleHotUpdate({ file, read, server }) {
      if (!file.endsWith('.wgsl')) return;
      server.ws.send(KERNEL_EDIT, edited(kernelName(file), await read()));
      return [];
    },
  };
}

function kernelName(path: string): string {
  return relative(SHADERS, path)
    .replaceAll('\\', '/')
    .replace(/\.wgsl$/, '');
}

function edited(name: string, code: string): KernelEdit {
  try {
    return { name, source: reflectWgsl(name, code) };
  } catch (error) {
    return { name, error: (error as Error).message };
  }
}
