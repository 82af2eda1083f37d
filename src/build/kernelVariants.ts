import { splitHeader } from './splitHeader.ts';

/** One of the kernels that a `.wgsl` file is the source of. */
export interface KernelVariant {
  /** Family and kernel: `matmul/matmulTiledVec4`. */
  readonly name: string;
  /** Path below `shaders/` without the extension: `matmul/matmulTiled`. */
  readonly file: string;
  /** What is true in the file's `@if`s, and stands in an import of it, joined by `&`: `matmulTiled.wgsl?vec4`. */
  readonly conditions: readonly string[];
}

/**
 * The kernels of a file: the one that it is named after, or those of its header's `Variants`, each with the conditions that it is
 * linked with in brackets: `// Variants: matmulTiled, matmulTiledVec4 (vec4).`
 * @param file path below `shaders/` without the extension
 * @throws where the section cannot be read
 */
export function kernelVariants(file: string, text: string): readonly KernelVariant[] {
  const { header } = splitHeader(text);
  const section = /^\/\/ Variants: ([^.]*)\./m.exec(header.replace(/\n\/\/ {3}/g, ' '))?.[1];
  if (section === undefined) return [{ name: file, file, conditions: [] }];
  const family = file.slice(0, file.lastIndexOf('/') + 1);
  return section.split(',').map((entry) => {
    const [, name, conditions = ''] = /^\s*(\w+)(?: \(([\w ]+)\))?\s*$/.exec(entry) ?? [];
    if (name === undefined) {
      throw new Error(
        `shaders/${file}.wgsl: expected "name (conditions)" in Variants, found: ${entry.trim()}`,
      );
    }
    return { name: `${family}${name}`, file, conditions: conditions.match(/\w+/g) ?? [] };
  });
}
