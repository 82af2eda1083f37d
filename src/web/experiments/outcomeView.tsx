import type { Check, Outcome } from '../../experiments/experiment.ts';
import type { ExperimentResult } from '../../experiments/experimentResult.ts';
import { DataTable, rangeText } from '../dataTable.tsx';
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
          rangeText(interval),
          margin === null ? 'none' : rangeText(margin),
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
