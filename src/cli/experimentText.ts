import Table from 'cli-table3';
import { effectText, numberText, rangeText } from '../experiments/effectText.ts';
import type { Check, Experiment } from '../experiments/experiment.ts';
import type { ExperimentResult } from '../experiments/experimentResult.ts';
import type { Table as TableOf } from '../experiments/figure.ts';
import type { Effect } from '../measure/statistics/interval.ts';

/** The experiments there are: what each claims, and where that is from. */
export function experimentList(list: readonly Experiment[]): string {
  return list
    .flatMap(({ id, version, statement, source, withdrawn, presets }) => [
      `${id} (version ${version}; ${Object.keys(presets).join(', ')})`,
      `  ${statement} (${source})`,
      ...(withdrawn === undefined ? [] : [`  withdrawn: ${withdrawn}`]),
    ])
    .join('\n');
}

/** What an experiment came to: claim, protocol, tables, effects against their margins, controls, verdict. */
export function experimentText(result: ExperimentResult): string {
  const { experiment, preset, protocol, outcome, tables, cells, missing } = result;
  const parts = Object.entries(protocol).map(([part, value]) => `${part} ${partText(value)}`);
  const head = [
    `${experiment.statement} (${experiment.source})`,
    `${experiment.id} ${experiment.version}, ${preset}: ${parts.join(', ')}`,
  ];
  if (!outcome)
    return [...head, `stopped: ${missing.length} of ${cells.length} cells are missing`].join('\n');
  const { statistics, controls, planted, verdict, reason } = outcome;
  return [
    ...head,
    ...tables.flatMap((table) => ['', table.title, drawn(table)]),
    '',
    drawn({
      title: '',
      columns: ['effect', 'with 95 %', 'margin'],
      rows: statistics.map(({ name, margin, ...effect }) => [
        name,
        effect,
        margin === null ? 'none' : rangeText(margin),
      ]),
    }),
    ...controls.map((check) => `control, ${checked(check)}`),
    ...planted.map((check) => `planted, ${checked(check)}`),
    '',
    `verdict: ${verdict}`,
    `because ${reason}`,
  ].join('\n');
}

function checked({ name, expected, found, holds }: Check): string {
  return `${name}: ${found}, ${holds ? 'as expected' : `expected ${expected}`}`;
}

function drawn({ columns, rows }: TableOf): string {
  const isNumber = (column: number): boolean =>
    rows.every((row) => typeof row[column] !== 'string' || /^[≥≤]?\s*[\d.]*$/.test(row[column]));
  const shown = new Table({
    head: [...columns],
    style: { head: [], border: [], compact: true },
    colAligns: columns.map((_, column) => (isNumber(column) ? 'right' : 'left')),
  });
  for (const row of rows) shown.push(row.map(text));
  return shown.toString();
}

function text(value: string | number | Effect | null): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? numberText(value) : effectText(value.value, value.interval);
}

/** A part of a protocol, numbers of a list without the digits that no one reads. */
export function partText(value: string | number | readonly number[]): string {
  return typeof value === 'object' ? value.map((each) => Number(each.toPrecision(3))).join(',') : `${value}`;
}
