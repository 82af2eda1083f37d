import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KernelText } from '../gpu/kernelSource.ts';
import { KernelError } from './kernelError.ts';
import { type KernelVariant, kernelVariants } from './kernelVariants.ts';
import { linkWgsl } from './linkWgsl.ts';
import { reflectWgsl } from './reflectWgsl.ts';

const SHADERS = fileURLToPath(new URL('../../shaders/', import.meta.url));
/** Functions that kernels import; no kernel itself. */
const SHARED = 'shared/';

/** Where a file is: `file` is a path below `shaders/` without the extension. */
export function shaderPath(file: string): string {
  return `${SHADERS}${file}.wgsl`;
}

/** Path below `shaders/` without the extension. */
export function shaderFile(path: string): string {
  return relative(SHADERS, path)
    .replaceAll('\\', '/')
    .replace(/\.wgsl$/, '');
}

/** The text of a file, undefined where there is none. */
function readShader(file: string): string | undefined {
  const path = shaderPath(file);
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
 * @throws if the file has none of these conditions; KernelError if it cannot be linked, or is not of the form of a kernel
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
  try {
    const reflected = reflectWgsl(variant.name, linked, (reason) => {
      throw new Error(`shaders/${file}.wgsl: ${reason}`);
    });
    return { text: { ...reflected, ...variant, written, linked }, files };
  } catch (error) {
    throw new KernelError((error as Error).message, files);
  }
}
