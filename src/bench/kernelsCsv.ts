import type { KernelsReport, KernelsRow } from './kernelsReport.ts';

type Column = readonly [name: string, value: (row: KernelsRow, report: KernelsReport) => unknown];

const COLUMNS: readonly Column[] = [
  ['id', (row) => row.id],
  ['family', (row) => row.family],
  ['title', (row) => row.title],
  ['shape', (row) => row.shape],
  ['ladder', (row) => row.ladder?.name],
  ['rung', (row) => row.ladder?.number],
  ['kernels', (row) => row.dispatches.map(({ kernel }) => kernel).join(' ')],
  ['knobs', (row) => row.dispatches.map(({ knobs }) => knobText(knobs)).join('; ')],
  ['median_ms', (row) => row.time?.median],
  ['q1_ms', (row) => row.time?.q1],
  ['q3_ms', (row) => row.time?.q3],
  ['spread_ms', (row) => row.time?.spread],
  ['samples', (row) => row.time?.samples.length],
  ['repeats', (row) => row.repeats],
  ['compile_ms', (row) => row.compile],
  ['flops', (row) => row.flops],
  ['bytes', (row) => row.bytes],
  ['gflops', (row) => row.gflops],
  ['gbs', (row) => row.gbs],
  ['roofline_share', (row) => row.roofline?.share],
  ['roofline_bound', (row) => row.roofline?.bound],
  ['error', (row) => row.error],
  ['tolerance', (row) => row.tolerance],
  ['state', (row) => (row.wrong ? 'WRONG' : row.failed === null ? 'ok' : 'not run')],
  ['workgroup_bytes', (row) => row.dispatches[0]?.workgroupBytes],
  ['workgroup_size', (row) => row.dispatches[0]?.workgroupSize.join('x')],
  ['grid', (row) => row.dispatches[0]?.grid.join('x')],
  ['accumulators', (row) => row.dispatches[0]?.accumulators],
  [
    'adapter',
    (_, { adapter }) => [adapter.vendor, adapter.architecture, adapter.description].join(' ').trim(),
  ],
  ['software', (_, { adapter }) => adapter.software],
  ['engine', (_, { engine }) => engine],
  ['date', (_, { date }) => date],
  ['commit', (_, { commit }) => commit],
];

/** A line a row (RFC 4180), adapter and software flag in each; what belongs to one dispatch is the first's. */
export function kernelsCsv(report: KernelsReport): string {
  const lines = report.rows.map((row) => COLUMNS.map(([, value]) => cell(value(row, report))));
  return [COLUMNS.map(([name]) => name), ...lines].map((cells) => `${cells.join(',')}\r\n`).join('');
}

function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function knobText(knobs: Readonly<Record<string, number | boolean>>): string {
  return Object.entries(knobs)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
