import type { Table } from '../experiments/figure.ts';
import type { Effect, Interval } from '../measure/statistics/interval.ts';
import { formatNumber } from '../present/formatNumber.ts';
import { ScrollRegion } from './scrollRegion.tsx';

/** Numbers as a table that scrolls in its place. @param wraps whether its cells are texts, of several lines */
export function DataTable({
  table: { title, columns, rows },
  wraps = false,
}: {
  table: Table;
  wraps?: boolean;
}) {
  return (
    <ScrollRegion label={title} look={wraps ? 'numbers-table wrapping' : 'numbers-table'}>
      <table>
        <caption>
          <span class="caption-body">{title}</span>
        </caption>
        <thead>
          <tr>
            {columns.map((column, i) => (
              <th key={i} scope="col">
                {column || <span class="visually-hidden">verdict</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, ...rest], i) => (
            <tr key={i}>
              <th scope="row">{shown(name ?? null)}</th>
              {rest.map((value, j) => (
                <td key={j}>{shown(value)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

function shown(value: string | number | Effect | null): string {
  if (value === null) return '–';
  if (typeof value === 'string') return value;
  return typeof value === 'number'
    ? formatNumber(value, 3)
    : `${formatNumber(value.value, 3)} ${rangeText(value.interval)}`;
}

/** An interval in words; an open end is ∞. */
export function rangeText([low, high]: Interval): string {
  return `${low === null ? '−∞' : formatNumber(low, 3)} to ${high === null ? '∞' : formatNumber(high, 3)}`;
}
