import type { KernelsRow } from '../../bench/kernelsReport.ts';

/** A row's kernel, with its family where the title does not say it. */
export function rowTitle({ ladder, family, title }: Pick<KernelsRow, 'ladder' | 'family' | 'title'>): string {
  return ladder ? title : `${family} ${title}`;
}

/** A row in words. */
export function rowName(row: KernelsRow): string {
  return `${rowTitle(row)}, ${row.shape}`;
}
