import { effectText } from '../../experiments/effectText.ts';
import type { Check, Outcome, Sensitivity } from '../../experiments/experiment.ts';
import type { ExperimentResult } from '../../experiments/experimentResult.ts';
import { DataTable } from '../dataTable.tsx';
import { download } from '../download.ts';
import { SaveJson, SaveSvg } from '../outcome/saveButtons.tsx';
import { EffectRows } from './effectRows.tsx';
import { VERDICT_LOOKS, VerdictBadge } from './effectStripView.tsx';
import { effectsCsv } from './effectsCsv.ts';
import { PanelView } from './panelView.tsx';

/** A result that is judged. */
export type JudgedResult = ExperimentResult & { readonly outcome: Outcome };

/** Null where there is none, or cells of it are missing. */
export function judged(result: ExperimentResult | null | undefined): JudgedResult | null {
  return result?.outcome ? (result as JudgedResult) : null;
}

/** What an experiment came to: verdict, effects against their margins, figure, control and planted cases, table, numbers. */
export function ResultView({ result, whose }: { result: JudgedResult; whose: string }) {
  const { outcome, figure, tables, experiment, preset } = result;
  const { verdict, reason, statistics, controls, planted, sensitivity = [] } = outcome;
  const file = `basin-${experiment.id}-${preset}`;
  return (
    <div class="outcome" data-verdict={verdict}>
      <p class={`said-verdict ${VERDICT_LOOKS[verdict] ?? 'open'}`}>
        <VerdictBadge verdict={verdict} /> <span class="whose">{whose}</span>
      </p>
      <p class="reason">{reason}</p>
      <EffectRows statistics={statistics} />
      {figure && (
        <div class="charts">
          {figure.panels.map((panel) => (
            <PanelView key={panel.title} panel={panel} />
          ))}
        </div>
      )}
      <Checks title="Control: the claimed cause taken away" checks={controls} />
      <Checks title="Planted cases, of known truth" checks={planted} />
      <SensitivityTable rows={sensitivity} />
      {tables.map((table) => (
        <details key={table.title}>
          <summary>{table.title}</summary>
          <DataTable table={table} />
        </details>
      ))}
      <div class="exports">
        <SaveJson result={result} file={`${file}.json`} />
        {outcome.effects && (
          <button
            type="button"
            onClick={() => download(`${file}.csv`, 'text/csv', effectsCsv(outcome))}
            title="Each effect by unit, and what comes of them"
          >
            Save CSV
          </button>
        )}
        {figure && <SaveSvg figure={figure} file={`${file}.svg`} />}
      </div>
    </div>
  );
}

function Checks({ title, checks }: { title: string; checks: readonly Check[] }) {
  if (checks.length === 0) return null;
  return (
    <div>
      <h4>{title}</h4>
      <ul class="checks">
        {checks.map(({ name, expected, found, holds }) => (
          <li key={name}>
            <span class={`verdict ${holds ? 'yes' : 'no'}`}>{holds ? 'as expected' : 'not as expected'}</span>{' '}
            {name}: {found} <span class="muted">(expected: {expected})</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Other tolerances, windows and matched losses, which the verdict must survive. */
function SensitivityTable({ rows }: { rows: readonly Sensitivity[] }) {
  if (rows.length === 0) return null;
  const table = {
    title: 'At other tolerances, windows and matched losses',
    columns: ['row', 'effects', 'verdict'],
    rows: rows.map(({ name, statistics, verdict }) => [
      name,
      statistics
        .filter(({ margin }) => margin !== null)
        .map((each) => `${each.name} ${effectText(each.value, each.interval)}`)
        .join('; '),
      verdict,
    ]),
  };
  return <DataTable table={table} wraps />;
}
