import type { KernelTarget } from '../op.ts';

/** Invocations in a workgroup of the kernels with one thread an element. */
export const LINEAR_WORKGROUP = 64;

/** Invocations that keep a GPU busy; not measured on one. */
export const BUSY = 16_384;

/** Workgroups for one thread an element, or for several elements a thread. */
export function linearGrid(elements: number, perThread = 1): [number, number] {
  return [Math.max(1, Math.ceil(elements / (LINEAR_WORKGROUP * perThread))), 1];
}

/**
 * Invocations in a workgroup with one thread an element where there are few elements: a CPU computes those without one all the same.
 * Of four widths, so that few pipelines are made.
 */
export function narrowWorkgroup(elements: number, kind: KernelTarget['kind']): number {
  return kind === 'cpu'
    ? ([4, 8, 16].find((width) => width >= elements) ?? LINEAR_WORKGROUP)
    : LINEAR_WORKGROUP;
}

/** What one thread of a kernel that only moves data takes on: threads are dear where a CPU runs them. */
export function elementsPerThread({ kind }: KernelTarget): number {
  return kind === 'cpu' ? 8 : 1;
}

/** Invocations in a workgroup of the kernels with one thread a row. */
const ROW_WORKGROUP = 16;

/** Workgroups for one thread a row. */
export function rowGrid(rows: number): [number, number] {
  return [Math.max(1, Math.ceil(rows / ROW_WORKGROUP)), 1];
}
