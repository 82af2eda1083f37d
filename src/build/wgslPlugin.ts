import { fileURLToPath } from 'node:url';
import type { Plugin, Rollup, ViteDevServer } from 'vite';
import { compactWgsl } from './compactWgsl.ts';
import { KERNEL_EDIT, type KernelEdit } from './kernelEdit.ts';
import { KernelError } from './kernelError.ts';
import type { KernelVariant } from './kernelVariants.ts';
import { packKernel } from './packKernel.ts';
import { listKernels, readKernel, shaderFile, shaderPath } from './readKernel.ts';
import { textHash } from './textHash.ts';

const UNPACK = `import { unpackKernel } from ${JSON.stringify(modulePath('../gpu/unpackKernel.ts'))};\n`;
/** All kernels for reading, by name: `import { kernelTexts } from 'virtual:kernelTexts'`. */
const TEXTS = 'virtual:kernelTexts';

/** What an import of a `.wgsl` file asks for in its query, beside conditions. */
const CODE = 'code';
const READ = 'read';

/**
 * Imports a `.wgsl` file, linked (`linkWgsl`) and reflected, as a `KernelSource`; with `?conditions` another kernel of the same
 * file. Linker and reflection run here, at build time only: they are in no bundle. A build ships the kernels' text without
 * comments, a chunk a family, which is loaded when a pipeline first wants it (but where the build makes one file); the module
 * `virtual:kernelTexts` has them for reading, with their comments.
 *
 * Under `npm run dev` each kernel that a written file is part of is sent to the open pages in place of a reload
 * (`KERNEL_EDIT`): what is to run it imports it anew in another worker.
 */
export function wgslPlugin(): Plugin {
  let ships = false;
  let inOneFile = false;
  return {
    name: 'basin:wgsl',
    enforce: 'pre',
    configResolved: ({ command, build }) => {
      ships = command === 'build';
      inOneFile = [build.rollupOptions.output].flat().some((output) => output?.inlineDynamicImports);
    },
    resolveId: (id) => (id === TEXTS ? `\0${TEXTS}` : null),
    async load(id) {
      if (id === `\0${TEXTS}`) return { code: textsModule(), map: null, moduleType: 'js' };
      const [path, query = ''] = id.split('?') as [string, string?];
      const asked = query.split('&');
      if (!path.endsWith('.wgsl') || asked.includes('raw')) return null;
      const conditions = asked.filter((word) => word !== CODE && word !== READ && /^\w+$/.test(word));
      const { text, files } = await readKernel(shaderFile(path), conditions);
      // The page's folder is watched by itself; the shaders lie beside it.
      for (const file of files) this.addWatchFile(shaderPath(file));
      const code = ships ? compactWgsl(text.linked) : text.linked;
      if (asked.includes(READ)) return module(JSON.stringify(text));
      if (asked.includes(CODE)) return module(JSON.stringify(code));
      // Unbundled, every module is a request; in one file, what waits at its top would not find what stands behind it.
      const load =
        ships && !inOneFile
          ? `import(${JSON.stringify(`${path}?${[...conditions, CODE].join('&')}`)}).then((m) => m.default)`
          : `Promise.resolve(${JSON.stringify(code)})`;
      const packed = packKernel(text, textHash(compactWgsl(text.linked)));
      return module(`/* @__PURE__ */ unpackKernel(${JSON.stringify(packed)}, () => ${load})`, UNPACK);
    },
    outputOptions: (options) => (inOneFile ? null : withKernelChunks(options)),
    async handleHotUpdate({ file: path, server }) {
      if (!path.endsWith('.wgsl')) return;
      const written = shaderFile(path);
      for (const variant of listKernels()) {
        const { edit, files } = await edited(variant);
        if (!files.includes(written)) continue;
        invalidate(server, variant.file);
        server.ws.send(KERNEL_EDIT, edit);
      }
      return [];
    },
  };
}

/** A file of the sources, as an import names it. */
function modulePath(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url)).replaceAll('\\', '/');
}

function module(value: string, before = '') {
  return { code: `${before}export default ${value};`, map: null, moduleType: 'js' as const };
}

/** Texts of a family in a chunk; those for reading in one. */
function withKernelChunks(options: Rollup.OutputOptions): Rollup.OutputOptions {
  const others = options.manualChunks;
  return {
    ...options,
    manualChunks(id, api) {
      const [path, query = ''] = id.split('?') as [string, string?];
      if (path.endsWith('.wgsl') && query.split('&').includes(READ)) return 'kernelTexts';
      if (path.endsWith('.wgsl') && query.split('&').includes(CODE))
        return `kernels/${shaderFile(path).split('/')[0]}`;
      return typeof others === 'function' ? others(id, api) : undefined;
    },
  };
}

function textsModule(): string {
  const entries = listKernels().map(({ name, file, conditions }) => {
    const query = [...conditions, READ].join('&');
    return `${JSON.stringify(name)}: () => import(${JSON.stringify(`${shaderPath(file)}?${query}`)})`;
  });
  return `export const kernelTexts = {\n${entries.join(',\n')}\n};`;
}

/** What a page is told of a kernel, and the files that it is made of, as far as they were found. */
async function edited({
  name,
  file,
  conditions,
}: KernelVariant): Promise<{ edit: KernelEdit; files: readonly string[] }> {
  try {
    const { text, files } = await readKernel(file, conditions);
    return { edit: { name, text }, files };
  } catch (error) {
    const files = error instanceof KernelError ? error.files : [file];
    return { edit: { name, error: (error as Error).message }, files };
  }
}

function invalidate({ moduleGraph }: ViteDevServer, file: string): void {
  for (const module of moduleGraph.getModulesByFile(shaderPath(file)) ?? []) {
    moduleGraph.invalidateModule(module);
  }
}
