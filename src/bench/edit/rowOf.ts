import type { KernelsRow } from '../kernelsReport.ts';

/** What a row is called without its shape: `matmul ladder 4`, `reduce sum`. */
export function rowOf({ id, shape }: Pick<KernelsRow, 'id' | 'shape'>): string {
  return id.slice(0, -shape.length - 1);
}
