import type { KernelText } from '../gpu/kernelSource.ts';

/** What an open page is told of each kernel whose file, or what that imports, was written under `npm run dev`. */
export interface KernelEdit {
  readonly name: string;
  /** The new text; undefined where it departs from the form every kernel has. */
  readonly text?: KernelText;
  /** How it departs. */
  readonly error?: string;
}

/** The custom event of Vite's that carries a `KernelEdit`. */
export const KERNEL_EDIT = 'basin:kernel';
