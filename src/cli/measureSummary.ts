import type { Interval } from '../measure/statistics/interval.ts';
import { formatRange } from '../present/formatInterval.ts';
import { formatCount, formatNumber } from '../present/formatNumber.ts';
import { toldNumbers } from '../present/quantities.ts';

type Json = Readonly<Record<string, unknown>>;

/** Estimates in the order in which they are told, by their keys. */
const ESTIMATES = [
  ['traceCovariance', 'tr Σ'],
  ['gradNormSqUnbiased', '|G|², less the noise'],
  ['bSimple', 'B_simple'],
  ['gHg', 'ḡᵀHḡ'],
  ['traceHessianCovariance', 'tr(HΣ)'],
  ['bNoise', 'B_noise'],
  ['epsMax', 'ε_max'],
  ['deltaLossMax', 'ΔL_max'],
] as const;

const MATRICES = [
  ['hessian', 'Hessian'],
  ['gaussNewton', 'Gauss-Newton matrix'],
  ['empiricalFisher', 'empirical Fisher matrix'],
] as const;

/** Eigenvalues that are told of each end. */
const MOST = 5;

/**
 * A measurement for people: one line an estimate, with its standard error and 95 % interval, then what is to be known of them.
 * @param result as `basin measure` gives it as JSON
 */
export function measureSummary(result: Json): string {
  const rows: [string, string, string][] = [
    ['loss', formatNumber(result.loss as number), ''],
    ['|ḡ|²', formatNumber(result.gradNormSq as number | null), ''],
    ...ESTIMATES.map(([key, name]): [string, string, string] => [
      name,
      withError(result[key] as number | null, result[`${key}Stderr`] as number | null),
      range(result[`${key}Interval`] as Ends),
    ]),
    ...MATRICES.flatMap(([key, name]) => (result[key] ? spectrum(name, result[key] as Json) : [])),
    ...measuredRows('gradientTests', result.gradientTests as Json | null | undefined),
    ...measuredRows('signalToNoise', result.signalToNoise as Json | null | undefined),
    ...toldRows(result.quantities as Readonly<Record<string, Json>> | undefined),
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column as 0 | 1].length)));
  const units =
    result.units === undefined
      ? ''
      : ` in ${formatCount(result.units as number)} units of ${result.ghostBatch}`;
  return [
    `${formatCount(result.examples as number)} examples${units}, ${formatCount(result.parameters as number)} parameters, ${result.mode} mode`,
    '',
    ...rows.map(([name, value, interval]) =>
      `  ${name.padEnd(widths[0]!)}  ${value.padEnd(widths[1]!)}  ${interval}`.trimEnd(),
    ),
    '',
    ...(result.warnings as readonly string[]).map((warning) => `  note: ${warning}`),
    '  ± standard error; intervals of 95 %. All of it, by layer and example too: --json, or --out <file>.',
  ].join('\n');
}

type Ends = Interval | null;

function range(ends: Ends): string {
  return ends ? formatRange(ends) : '';
}

function withError(value: number | null, stderr: number | null | undefined): string {
  if (value === null || stderr === null || stderr === undefined) return formatNumber(value);
  return `${formatNumber(value)} ± ${formatNumber(stderr, 2)}`;
}

interface Measured {
  readonly value: number | null;
  readonly stderr?: number | null;
}

function spectrum(name: string, found: Json): [string, string, string][] {
  const rows: [string, string, string][] = [];
  for (const [key, which] of [
    ['eigenvalues', 'largest'],
    ['smallest', 'smallest'],
  ] as const) {
    const pairs = found[key] as readonly { readonly value: number }[] | undefined;
    if (!pairs) continue;
    const rest = pairs.length > MOST ? ', …' : '';
    const values = pairs.slice(0, MOST).map(({ value }) => formatNumber(value));
    rows.push([`${which} of the ${name}`, values.join(', ') + rest, '']);
  }
  for (const [key, what] of [
    ['trace', 'trace'],
    ['logDeterminant', 'ln det'],
  ] as const) {
    const estimate = found[key] as Measured | null | undefined;
    if (estimate) rows.push([`${what} of the ${name}`, withError(estimate.value, estimate.stderr), '']);
  }
  return rows;
}

/** What further quantities show, by their symbols. */
function toldRows(found: Readonly<Record<string, Json>> = {}): [string, string, string][] {
  return Object.entries(found).flatMap(([type, told]) =>
    toldNumbers(type, told).map(([symbol, value]): [string, string, string] => [symbol, value, '']),
  );
}

/** The estimates of a group that have a value of their own. */
function measuredRows(group: string, found: Json | null | undefined): [string, string, string][] {
  return Object.entries(found ?? {}).flatMap(([key, each]): [string, string, string][] => {
    if (typeof each !== 'object' || each === null || !('value' in each)) return [];
    const { value, stderr } = each as Measured;
    return [[`${group}.${key}`, withError(value, stderr), '']];
  });
}
