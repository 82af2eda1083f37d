import { effectText, numberText, pText, rangeText } from '../../experiments/effectText.ts';
import type { Check, Sensitivity, Statistic } from '../../experiments/experiment.ts';
import type { Table } from '../../experiments/figure.ts';
import type { ClaimResult, EffectResult } from '../../experiments/reproduction/results.ts';
import { escapeHtml } from '../escapeHtml.ts';
import { partText } from '../experimentText.ts';

/** A claim's part of the report. */
export function claimSection(
  claim: ClaimResult,
  charts: readonly { readonly title: string; readonly svg: string }[],
): string {
  const { id, version, statement, source, verdict, reason, prediction, refutedBy, lookedInto } = claim;
  return `<section id="${escapeHtml(id)}" aria-labelledby="title-${escapeHtml(id)}">
<h3 id="title-${escapeHtml(id)}">${escapeHtml(statement)}</h3>
<p class="muted">${escapeHtml(id)}, version ${version}. Source: ${escapeHtml(source)}</p>
<p class="said ${verdict.replace(' ', '-')}"><b>${escapeHtml(verdict)}</b>: ${escapeHtml(reason)}</p>
${prediction === undefined ? '' : `<p><b>Prediction.</b> ${escapeHtml(prediction)}</p>`}
${whatWasRun(claim)}
${charts.length > 0 ? `<div class="charts">${charts.map(({ title, svg }) => `<figure><figcaption>${escapeHtml(title)}</figcaption>${svg}</figure>`).join('')}</div>` : ''}
${effectsTable(claim)}
${checks('Control', claim.controls)}
${checks('Planted', claim.planted)}
${sensitivityTable(claim.sensitivity)}
${claim.tables.map(table).join('')}
${refutedBy === undefined ? '' : `<p><b>What would refute it.</b> ${escapeHtml(refutedBy)}</p>`}
${verdict === 'reproduced' || lookedInto === undefined ? '' : `<p><b>What was looked into, and what it would take.</b> ${escapeHtml(lookedInto)}</p>`}
${earlierVersions(claim)}
<p><b>Again.</b> <code>${escapeHtml(command(claim))}</code></p>
</section>`;
}

function command({ id, preset, protocol }: ClaimResult): string {
  return `basin reproduce ${id} --preset ${preset} --seed ${protocol.seed}`;
}

function whatWasRun({
  population,
  unit,
  power,
  seeds,
  statistics,
  protocol,
  cells,
  missing,
  minutes,
}: ClaimResult): string {
  const parts = Object.entries(protocol).map(([part, value]) => `${part} ${partText(value)}`);
  // A cell may hold several units, whose seeds follow its own.
  const count = Math.max(seeds.length, ...statistics.map(({ units: judged }) => judged ?? 0));
  const units = `${count} ${count === 1 ? 'unit, seed' : 'units, seeds from'} ${seeds[0]}${count === 1 ? '' : ' on'}`;
  const pilot = power
    ? ` The pilot (${power.pilot}): scatter ${numberText(power.scatter)}, ${numberText(power.distance)} from the margin; ${power.units} units are set.`
    : '';
  return `<p><b>What was run.</b> ${population === undefined ? '' : `${escapeHtml(population.replace(/\.?$/, '.'))} `}${unit === undefined ? '' : `Unit of replication: ${escapeHtml(unit)}. `}${escapeHtml(units)}; ${cells.length - missing.length} of ${cells.length} cells, ${minutes} minutes.${escapeHtml(pilot)}</p>
<details><summary>Protocol</summary><p>${escapeHtml(parts.join(', '))}</p></details>`;
}

function effectsTable({ statistics, p, pHolm }: ClaimResult): string {
  if (statistics.length === 0) return '';
  const rows = statistics.map((effect: EffectResult) => [
    effect.name,
    effectText(effect.estimate, effect.interval),
    effect.margin ? rangeText(effect.margin) : 'told beside',
    `${effect.units ?? ''}`,
    pText(effect.p),
  ]);
  const all =
    p === null
      ? ''
      : `<p>Of the claim: p ${escapeHtml(pText(p))}, adjusted by Holm ${escapeHtml(pText(pHolm))}.</p>`;
  return `${htmlTable('Effects', ['effect', 'mean with 95 %', 'margin', 'units', 'p'], rows)}${all}`;
}

function checks(kind: string, list: readonly Check[]): string {
  return list
    .map(
      ({ name, expected, found, holds }) =>
        `<p><b>${kind}${holds ? '' : ', not as expected'}.</b> ${escapeHtml(name)}: ${escapeHtml(found)} <span class="muted">(expected: ${escapeHtml(expected)})</span></p>`,
    )
    .join('');
}

function sensitivityTable(rows: readonly Sensitivity[]): string {
  if (rows.length === 0) return '';
  const gating = (statistics: readonly Statistic[]): string =>
    statistics
      .filter(({ margin }) => margin !== null)
      .map(({ name, value, interval }) => `${name} ${effectText(value, interval)}`)
      .join('; ');
  return htmlTable(
    'At other tolerances, windows and matched losses',
    ['row', 'effects', 'verdict'],
    rows.map(({ name, statistics, verdict }) => [name, gating(statistics), verdict]),
  );
}

function table({ title, columns, rows }: Table): string {
  const text = (value: Table['rows'][number][number]): string => {
    if (value === null) return '';
    if (typeof value === 'string') return value;
    return typeof value === 'number' ? numberText(value) : effectText(value.value, value.interval);
  };
  const body = htmlTable(
    title,
    columns,
    rows.map((row) => row.map(text)),
  );
  return `<details><summary>${escapeHtml(title)}</summary>${body}</details>`;
}

function earlierVersions({ earlier }: ClaimResult): string {
  if (!earlier || earlier.length === 0) return '';
  const items = earlier.map(
    ({ version, protocol, verdict, reason, changed }) =>
      `<li>Version ${version}: ${escapeHtml(verdict)}: ${escapeHtml(reason)} <span class="muted">Protocol: ${escapeHtml(protocol)} Changed: ${escapeHtml(changed)}</span></li>`,
  );
  return `<details><summary>Earlier versions and their verdicts</summary><ul>${items.join('')}</ul></details>`;
}

function htmlTable(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const head = columns.map((column) => `<th scope="col">${escapeHtml(column)}</th>`).join('');
  const body = rows
    .map((row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`)
    .join('');
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}
