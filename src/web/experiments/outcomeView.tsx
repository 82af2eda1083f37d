import type { Check, Outcome } from '../../experiments/experiment.ts';
import type { Table } from '../../experiments/figure.ts';
import type { ExperimentResult } from '../../experiments/runExperiment.ts';
import type { Effect, Interval } from '../../measure/statistics/interval.ts';
import { formatNumber } from '../../present/formatNumber.ts';
import { ScrollRegion } from '../bench/scrollRegion.tsx';
import { download } from '../download.ts';
import { PanelView } from './panelView.tsx';

/** What an experiment came to: verdict, effects against their margins, control and planted cases, figure, numbers. */
export function OutcomeView({ result }: { result: ExperimentResult }) {
  const { outcome, figure, tables, experiment, preset, missing, cells } = result;
  if (!outcome) {
    return (
      <section class="card outcome" aria-label="Outcome">
        <p>
          Stopped: {missing.length} of {cells.length} cells are missing, so nothing is judged.
        </p>
      </section>
    );
  }
  return (
    <section class="card outcome" aria-labelledby="verdict" data-verdict={outcome.verdict}>
      <h2 id="verdict">
        {experiment.id}, {preset}: <strong>{outcome.verdict}</strong>
      </h2>
      <p class="reason">{outcome.reason}</p>
      <Effects outcome={outcome} />
      <Checks title="Controls, the claimed cause taken away" checks={outcome.controls} />
      <Checks title="Planted cases, of known truth" checks={outcome.planted} />
      {figure && (
        <>
          <h3>{figure.caption}</h3>
          <div class="charts">
            {figure.panels.map((panel) => (
              <PanelView key={panel.title} panel={panel} />
            ))}
          </div>
        </>
      )}
      {tables.map((table) => (
        <details key={table.title}>
          <summary>{table.title}</summary>
          <DataTable table={table} />
        </details>
      ))}
      <button
        type="button"
        onClick={() =>
          download(`basin-${experiment.id}.json`, 'application/json', JSON.stringify(result, null, 1))
        }
      >
        Save JSON
      </button>
    </section>
  );
}

function Effects({ outcome }: { outcome: Outcome }) {
  return (
    <DataTable
      table={{
        title: 'Effects with 95 % intervals',
        columns: ['effect', 'estimate', '95 %', 'margin'],
        rows: outcome.statistics.map(({ name, value, interval, margin }) => [
          name,
          value,
          range(interval),
          margin === null ? 'none' : range(margin),
        ]),
      }}
    />
  );
}

function Checks({ title, checks }: { title: string; checks: readonly Check[] }) {
  if (checks.length === 0) return null;
  return (
    <DataTable
      table={{
        title,
        columns: ['case', 'expected', 'found', ''],
        rows: checks.map(({ name, expected, found, holds }) => [
          name,
          expected,
          found,
          holds ? 'as expected' : 'not as expected',
        ]),
      }}
    />
  );
}

function DataTable({ table: { title, columns, rows } }: { table: Table }) {
  return (
    <ScrollRegion label={title} look="numbers-table">
      <table>
        <caption>{title}</caption>
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
    : `${formatNumber(value.value, 3)} ${range(value.interval)}`;
}

function range([low, high]: Interval): string {
  return `${low === null ? '−∞' : formatNumber(low, 3)} to ${high === null ? '∞' : formatNumber(high, 3)}`;
}
