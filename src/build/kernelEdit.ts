import type { KernelSource } from '../gpu/kernelSource.ts';

/** What an open page is told when a `.wgsl` file was written under `npm run dev`. */
export interface KernelEdit {
  /** Path below `shaders/`, without the extension. */
  readonly name: string;
  /** The new text, reflected; undefined where it departs from the form every kernel has. */
  readonly source?: KernelSource;
  /** How it departs. */
  readonly error?: string;
}

/** The custom event of Vite's that carries a `KernelEdit`. */
export const KERNEL_EDIT = 'basin:kernel';
