import type { AdapterInfo } from '../gpu/device.ts';
import type { Ceiling, Ceilings, ClockInfo, KernelsReport, KernelsRow, Timing } from './kernelsReport.ts';

const HEAD = ['kernel', 'shape', 'by', 'ms', 'IQR', 'GFLOP/s', 'GB/s', 'roofline', 'compile, ms', 'error'];
const LEFT = 3;

/** The whole report as text: adapter, ceilings, then a table as llama.cpp's bench prints one. */
export function kernelsText(report: KernelsReport): string {
  return [
    ...headLines(report),
    '',
    ...tableLines(HEAD, report.rows.map(rowCells), LEFT),
    '',
    ...footLines(report),
  ].join('\n');
}

/** Every ladder that has rows in the report, step by step, with what each took. */
export function ladderLines({ ladders, rows }: Pick<KernelsReport, 'ladders' | 'rows'>): string[] {
  return ladders.flatMap(({ name, about, rungs }) => {
    const ours = rows.filter(({ ladder }) => ladder?.name === name);
    if (ours.length === 0) return [];
    const took = (number: number): string[] =>
      ours
        .filter(({ ladder }) => ladder!.number === number)
        .map(({ shape, time }) => `${shape}: ${time ? `${timeText(time)} ms` : 'no time'}`);
    return [
      `${name}: ${about}`,
      ...rungs.map(
        ({ number, title, kernel, why }) =>
          `  ${number}. ${title} (${[`shaders/${kernel}.wgsl`, ...took(number)].join('; ')}). ${why}`,
      ),
      '',
    ];
  });
}

/** Adapter, clock, ceilings: what the table must be read with. */
export function headLines({
  adapter,
  engine,
  clock,
  ceilings,
  quick,
}: Pick<KernelsReport, 'adapter' | 'engine' | 'clock' | 'ceilings' | 'quick'>): string[] {
  return [
    `${adapterName(adapter)}, ${engine}${adapter.software ? `: ${SOFTWARE}` : ''}`,
    ...(quick ? ['A quick run: small shapes and few rounds, no figures to quote.'] : []),
    ceilingsLine(ceilings),
    clockLine(clock),
  ];
}

export const SOFTWARE = 'a SOFTWARE adapter, its times say nothing about a GPU';

export function adapterName({ vendor, architecture, device, description }: AdapterInfo): string {
  return (
    [vendor, architecture, description || device].filter((part) => part !== '').join(' ') || 'unnamed adapter'
  );
}

export function ceilingsLine(ceilings: Ceilings): string {
  const { copyBandwidth, fmaPeak, dispatchCost, submitLatency, readbackLatency } = ceilings;
  return [
    `ceilings: copy ${ceilingText(copyBandwidth)}`,
    `fma ${ceilingText(fmaPeak)}`,
    `dispatch ${ceilingText(dispatchCost)}`,
    `submit ${ceilingText(submitLatency)}`,
    `read-back ${ceilingText(readbackLatency)} (median, IQR)`,
  ].join('; ');
}

function ceilingText({ median, q1, q3, unit }: Ceiling): string {
  return `${digits(median)} ${unit} (${digits(q3 - q1)})`;
}

function clockLine({ kind, grain, note }: ClockInfo): string {
  const step = `${digits(grain * 1e3)} µs a step`;
  return kind === 'timestamp-query'
    ? `clock: timestamp queries, ${step}`
    : `clock: wall clock, ${step}; ${note}`;
}

function footLines({ rows }: KernelsReport): string[] {
  const wrong = rows.filter((row) => row.wrong).length;
  return [
    'ms: median of the rounds ± distance to their farther decile; roofline: share of min(fma, copy × flops/byte) and what',
    'bounds it, above 100 % where a cache helps; error: against float64, as a share of what is allowed.',
    ...rows.filter(({ failed }) => failed !== null).map(({ id, failed }) => `not run: ${id}: ${failed}`),
    ...(wrong > 0 ? [`${wrong} of ${rows.length} rows are WRONG`] : []),
  ];
}

/** The cells of a row, in words. */
export function rowCells(row: KernelsRow): string[] {
  const { family, title, shape, time, gflops, gbs, roofline, compile, error, tolerance } = row;
  const nothing = row.wrong ? 'WRONG' : row.failed === null ? '' : 'not run';
  return [
    row.ladder ? title : `${family} ${title}`,
    shape,
    byText(row),
    time ? timeText(time) : nothing,
    time ? digits(time.q3 - time.q1) : '',
    gflops === null ? '' : digits(gflops),
    gbs === null ? '' : digits(gbs),
    roofline ? `${(100 * roofline.share).toFixed(0)} % ${roofline.bound}` : '',
    compile === null ? '' : compile.toFixed(0),
    error === null ? (row.failed === null ? 'not a number' : '') : errorText(error, tolerance),
  ];
}

/** Median ± spread, both to the spread's second digit. */
export function timeText({ median, spread }: Pick<Timing, 'median' | 'spread'>): string {
  if (!(spread > 0)) return digits(median);
  const places = Math.max(0, Math.min(6, 1 - Math.floor(Math.log10(spread))));
  return `${median.toFixed(places)} ± ${spread.toFixed(places)}`;
}

/** The kernels that it runs, without their folder. */
function byText({ dispatches }: KernelsRow): string {
  const names = dispatches.map(({ kernel }) => kernel.split('/')[1]!);
  return [...new Set(names)]
    .map((name) => {
      const times = names.filter((other) => other === name).length;
      return times > 1 ? `${name} ×${times}` : name;
    })
    .join(', ');
}

function errorText(error: number, tolerance: number): string {
  if (tolerance === 0) return error === 0 ? 'exact' : `${digits(error)}, none allowed`;
  return `${((100 * error) / tolerance).toFixed(0)} %`;
}

/** Three significant digits, whole numbers from a hundred on. */
export function digits(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value === 0 ? '0' : value.toPrecision(3);
}

/** A Markdown table whose columns are aligned in plain text too; the first `left` to the left, others to the right. */
export function tableLines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  left: number,
): string[] {
  const widths = head.map((title, c) => Math.max(3, title.length, ...rows.map((row) => row[c]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, c) => (c < left ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join(' | ')} |`;
  const rule = widths.map((width, c) => (c < left ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)];
}
