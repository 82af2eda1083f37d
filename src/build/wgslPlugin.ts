import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin, Rollup, ViteDevServer } from 'vite';
import type { KernelText } from '../gpu/kernelSource.ts';
import { compactWgsl } from './compactWgsl.ts';
import { KERNEL_EDIT, type KernelEdit } from './kernelEdit.ts';
import { type KernelVariant, kernelVariants } from './kernelVariants.ts';
import { linkWgsl } from './linkWgsl.ts';
import { packKernel } from './packKernel.ts';
import { reflectWgsl } from './reflectWgsl.ts';
import { textHash } from './textHash.ts';

const SHADERS = fileURLToPath(new URL('../../shaders/', import.meta.url));
const UNPACK = `import { unpackKernel } from ${JSON.stringify(fileURLToPath(new URL('../gpu/unpackKernel.ts', import.meta.url)))};\n`;
/** Functions that kernels import; no kernel itself. */
const SHARED = 'shared/';
/** All kernels for reading, by name: `import { kernelTexts } from 'virtual:kernelTexts'`. */
const TEXTS = 'virtual:kernelTexts';

/** What an import of a `.wgsl` file asks for in its query, beside conditions. */
const CODE = 'code';
const READ = 'read';

/**
 * Imports a `.wgsl` file, linked (`linkWgsl`) and reflected, as a `KernelSource`; with `?conditions` another kernel of the same
 * file. Linker and reflection run here, at build time only: they are in no bundle. A build ships the kernels' text without
 * comments, a chunk a family, which is loaded when a pipeline first wants it (but where the build makes one file); the module `virtual:kernelTexts` has them for
 * reading, with their comments.
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
      if (!path.endsWith('.wgsl') || query.includes('raw')) return null;
      const asked = query.split('&');
      const conditions = asked.filter((word) => word !== CODE && word !== READ && /^\w+$/.test(word));
      const { text, files } = await readKernel(shaderFile(path), conditions);
      // The page's folder is watched by itself; the shaders lie beside it.
      for (const file of files) this.addWatchFile(`${SHADERS}${file}.wgsl`);
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

function shaderFile(path: string): string {
  return relative(SHADERS, path)
    .replaceAll('\\', '/')
    .replace(/\.wgsl$/, '');
}

function readShader(file: string): string | undefined {
  const path = `${SHADERS}${file}.wgsl`;
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Every kernel of `shaders/`. */
export function listKernels(): KernelVariant[] {
  return readdirSync(SHADERS, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.wgsl'))
    .map((path) => path.replaceAll('\\', '/').replace(/\.wgsl$/, ''))
    .filter((file) => !file.startsWith(SHARED))
    .sort()
    .flatMap((file) => kernelVariants(file, readShader(file)!));
}

/**
 * A kernel, linked and reflected, and the files that it is made of.
 * @param conditions which kernel of its file
 * @throws if the file has none of these conditions, or what `linkWgsl` and `reflectWgsl` throw
 */
export async function readKernel(
  file: string,
  conditions: readonly string[],
): Promise<{ text: KernelText; files: readonly string[] }> {
  const written = readShader(file);
  if (written === undefined) throw new Error(`there is no shaders/${file}.wgsl`);
  const variants = kernelVariants(file, written);
  const asked = conditions.join(' ');
  const variant = variants.find((of) => of.conditions.join(' ') === asked);
  if (!variant) {
    const expected = variants.map((of) => `"${of.conditions.join(' ')}"`).join(', ');
    throw new Error(
      `shaders/${file}.wgsl: asked for with the conditions "${asked}", its Variants have ${expected}`,
    );
  }
  const { code: linked, files } = await linkWgsl(file, conditions, readShader);
  return { text: { ...reflectWgsl(variant.name, linked, file), ...variant, written, linked }, files };
}

function textsModule(): string {
  const entries = listKernels().map(({ name, file, conditions }) => {
    const query = [...conditions, READ].join('&');
    return `${JSON.stringify(name)}: () => import(${JSON.stringify(`${SHADERS}${file}.wgsl?${query}`)})`;
  });
  return `export const kernelTexts = {\n${entries.join(',\n')}\n};`;
}

/** A file that cannot be linked is part of the kernels that it is a file of, since no one knows of which others. */
async function edited({
  name,
  file,
  conditions,
}: KernelVariant): Promise<{ edit: KernelEdit; files: readonly string[] }> {
  try {
    const { text, files } = await readKernel(file, conditions);
    return { edit: { name, text }, files };
  } catch (error) {
    return { edit: { name, error: (error as Error).message }, files: [file] };
  }
}

function invalidate({ moduleGraph }: ViteDevServer, file: string): void {
  for (const module of moduleGraph.getModulesByFile(`${SHADERS}${file}.wgsl`) ?? []) {
    moduleGraph.invalidateModule(module);
  }
}
