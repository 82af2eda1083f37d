import type { Interval } from '../measure/statistics/interval.ts';

/** 1.23 [1.1, 1.4] */
export function effectText(value: number | null, interval: Interval): string {
  return `${numberText(value)} ${rangeText(interval)}`;
}

/** [1.1, ∞] */
export function rangeText([low, high]: Interval): string {
  return `[${low === null ? '−∞' : numberText(low)}, ${high === null ? '∞' : numberText(high)}]`;
}

/** Three digits; `none` for what there is not. */
export function numberText(value: number | null): string {
  return value === null || !Number.isFinite(value)
    ? 'none'
    : `${Number(value.toPrecision(3))}`.replaceAll('-', '−');
}

/** A p-value in two digits; nothing where there is none. */
export function pText(p: number | null): string {
  if (p === null) return '';
  return p < 1e-4 ? '< 0.0001' : p.toPrecision(2);
}
