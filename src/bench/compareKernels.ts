import { z } from 'zod';
import { InputError } from '../host/inputError.ts';
import { parseJson } from '../host/parseJson.ts';
import { showValue } from '../host/showValue.ts';
import { KERNELS_FORMAT, type KernelsReport, type KernelsRow, type Timing } from './kernelsReport.ts';
import { adapterName, digits, tableLines, timeText } from './kernelsTable.ts';

/** A row that both have. */
export interface ComparedRow {
  readonly id: string;
  readonly a: KernelsRow;
  readonly b: KernelsRow;
  /** Null where one of them has no time. */
  readonly ratio: Ratio | null;
}

/** B's time over A's: below 1, B is faster. */
export interface Ratio {
  readonly value: number;
  /** Of the quotient, from both relative spreads as of independent numbers. */
  readonly spread: number;
  /** The quotient differs from 1 by no more than its spread. */
  readonly within: boolean;
}

export interface Comparison {
  /** Why the two do not say whether the kernels differ: other adapters, runtimes, a quick run. */
  readonly warnings: readonly string[];
  /** In A's order. */
  readonly rows: readonly ComparedRow[];
  readonly onlyA: readonly string[];
  readonly onlyB: readonly string[];
}

/** Compares two runs row by row, by the rows' ids. */
export function compareKernels(a: KernelsReport, b: KernelsReport): Comparison {
  const byId = new Map(b.rows.map((row) => [row.id, row]));
  const rows = a.rows.flatMap((row): ComparedRow[] => {
    const other = byId.get(row.id);
    return other ? [{ id: row.id, a: row, b: other, ratio: ratioOf(row.time, other.time) }] : [];
  });
  const both = new Set(rows.map(({ id }) => id));
  const only = (report: KernelsReport) => report.rows.map(({ id }) => id).filter((id) => !both.has(id));
  return { warnings: differences(a, b), rows, onlyA: only(a), onlyB: only(b) };
}

export function ratioOf(a: Timing | null, b: Timing | null): Ratio | null {
  if (!a || !b) return null;
  const value = b.median / a.median;
  const spread = value * Math.hypot(a.spread / a.median, b.spread / b.median);
  return { value, spread, within: Math.abs(value - 1) <= spread };
}

function differences(a: KernelsReport, b: KernelsReport): string[] {
  const warnings: string[] = [];
  const differ = (what: string, ofA: string, ofB: string): void => {
    if (ofA !== ofB) warnings.push(`${what}: A's is ${ofA}, B's is ${ofB}`);
  };
  const named = ({ adapter }: KernelsReport) =>
    `${adapterName(adapter)}${adapter.software ? ' (software)' : ''}`;
  differ('the adapters differ', named(a), named(b));
  differ('the engines differ', a.engine, b.engine);
  differ('the clocks differ', a.clock.kind, b.clock.kind);
  if (a.adapter.software || b.adapter.software) {
    warnings.push('times of a software adapter say nothing about a GPU');
  }
  if (a.quick || b.quick) warnings.push('a quick run has no figures to compare');
  return warnings;
}

/** The comparison as text. */
export function comparisonText({ warnings, rows, onlyA, onlyB }: Comparison): string {
  const timed = rows.flatMap(({ ratio }) => (ratio ? [ratio] : []));
  const within = timed.filter((ratio) => ratio.within).length;
  const state = (row: KernelsRow): string =>
    row.time ? timeText(row.time) : row.wrong ? 'WRONG' : row.failed === null ? 'no time' : 'not run';
  const lines = rows.map(({ id, a, b, ratio }) => [
    id,
    state(a),
    state(b),
    ratio ? `${ratio.value.toFixed(3)} ± ${digits(ratio.spread)}` : '',
    ratio ? verdict(ratio) : '',
  ]);
  return [
    ...warnings.map((warning) => `WARNING: ${warning}`),
    ...tableLines(['row', 'A, ms', 'B, ms', 'B / A', ''], lines, 1),
    `${within} of ${timed.length} rows are within the spread of both runs`,
    ...(onlyA.length > 0 ? [`only in A: ${onlyA.join('; ')}`] : []),
    ...(onlyB.length > 0 ? [`only in B: ${onlyB.join('; ')}`] : []),
  ].join('\n');
}

function verdict({ value, within }: Ratio): string {
  if (within) return 'within the spread';
  return value < 1 ? 'B is faster' : 'B is slower';
}

const finite = z.number();
const timing = z.object({
  samples: z.array(finite).min(1),
  median: finite.positive(),
  q1: finite,
  q3: finite,
  spread: finite.nonnegative(),
});
const ceiling = z.object({
  unit: z.string(),
  median: finite,
  q1: finite,
  q3: finite,
  samples: z.array(finite),
  by: z.string(),
});
const schema = z.object({
  format: z.literal(KERNELS_FORMAT),
  adapter: z.object({
    vendor: z.string(),
    architecture: z.string(),
    device: z.string(),
    description: z.string(),
    software: z.boolean(),
    features: z.array(z.string()),
  }),
  engine: z.string(),
  date: z.string(),
  quick: z.boolean(),
  clock: z.object({
    kind: z.enum(['timestamp-query', 'wall clock']),
    grain: finite,
    note: z.string().nullable(),
  }),
  ceilings: z.object({
    copyBandwidth: ceiling,
    fmaPeak: ceiling,
    dispatchCost: ceiling,
    submitLatency: ceiling,
    readbackLatency: ceiling,
  }),
  rows: z.array(
    z.object({
      id: z.string(),
      family: z.string(),
      title: z.string(),
      shape: z.string(),
      dispatches: z.array(z.object({ kernel: z.string() })),
      wrong: z.boolean(),
      failed: z.string().nullable(),
      time: timing.nullable(),
      flops: finite,
      bytes: finite,
      intensity: finite,
      gflops: finite.nullable(),
      gbs: finite.nullable(),
    }),
  ),
  ladders: z.array(z.object({ name: z.string(), rungs: z.array(z.object({ number: finite })) })),
});

/**
 * Reads a file of `basin bench kernels`.
 * @param file its name, for what is said of it
 * @throws InputError that names what was found in place of the format, or the first field that is not as expected.
 */
export function parseKernelsReport(text: string, file: string): KernelsReport {
  const json = parseJson(file, 'bench', text);
  const format = (json as { format?: unknown } | null)?.format;
  if (format !== KERNELS_FORMAT) {
    throw new InputError(file, 'format', `${foundFormat(json)}, expected ${JSON.stringify(KERNELS_FORMAT)}`);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new InputError(file, path.join('.'), message);
  }
  return json as KernelsReport;
}

function foundFormat(json: unknown): string {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return `found ${Array.isArray(json) ? 'a list' : typeof json}`;
  }
  const { format, bench } = json as { format?: unknown; bench?: unknown };
  if (format !== undefined) return `found ${showValue(format)}`;
  return typeof bench === 'string'
    ? `found a result of "bench ${bench}", which has none`
    : `found none among ${Object.keys(json).slice(0, 8).join(', ')}`;
}
