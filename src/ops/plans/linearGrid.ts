/** Invocations in a workgroup of the kernels with one thread an element. */
export const LINEAR_WORKGROUP = 64;

/** Workgroups for one thread an element. */
export function linearGrid(elements: number): [number, number] {
  return [Math.max(1, Math.ceil(elements / LINEAR_WORKGROUP)), 1];
}

/** Invocations in a workgroup of the kernels with one thread a row. */
const ROW_WORKGROUP = 16;

/** Workgroups for one thread a row. */
export function rowGrid(rows: number): [number, number] {
  return [Math.max(1, Math.ceil(rows / ROW_WORKGROUP)), 1];
}
