import type { KernelsRow } from '../../jobs/bench/kernelsReport.ts';

/** A row in words that say which of its family it is. */
export function rowName({ title, shape }: KernelsRow): string {
  return `${title}, ${shape}`;
}
