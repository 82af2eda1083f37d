import type { KernelSource } from '../../gpu/kernelSource.ts';

const SHADERS = '../../../shaders/';
const files = import.meta.glob<KernelSource>('../../../shaders/**/*.wgsl', {
  query: '?commented',
  import: 'default',
});
const replaced = new Map<string, KernelSource>();

/**
 * A kernel with its comments, for reading. Each file is a chunk of its own, loaded when it is first looked at.
 * @param name path below `shaders/`, without the extension
 * @throws if there is no such kernel here: a report may come from another version
 */
export async function kernelSource(name: string): Promise<KernelSource> {
  const edited = replaced.get(name);
  if (edited) return edited;
  const load = files[`${SHADERS}${name}.wgsl`];
  if (!load) throw new Error(`there is no shaders/${name}.wgsl in this version of Basin`);
  return load();
}

/** Takes a file as it was written since the page was opened. */
export function replaceSource(source: KernelSource): void {
  replaced.set(source.name, source);
}
