import uPlotScript from 'uplot/dist/uPlot.iife.min.js?raw';
import uPlotStyle from 'uplot/dist/uPlot.min.css?raw';
import type { AdapterInfo } from '../gpu/device.ts';
import type { JobSpec, Reading } from '../jobs/job.ts';
import type { Interval } from '../measure/statistics/interval.ts';
import { formatEstimate } from '../present/formatInterval.ts';
import { formatCount, formatNumber } from '../present/formatNumber.ts';
import { type Evaluation, type Quantity, quantitiesOf } from '../present/quantities.ts';
import { scriptPieces } from '../present/scriptPieces.ts';
import { escapeHtml } from './escapeHtml.ts';
import pageStyle from './reportPage.css?raw';
import pageScript from './reportPage.js?raw';

/** What a report tells of a run. */
export interface Report {
  title: string;
  adapter: AdapterInfo | undefined;
  spec: JobSpec;
  readings: readonly Reading[];
  evaluations: readonly Evaluation[];
  /** As the job gave it. */
  result: unknown;
  /** When the run ended; now by default. */
  date?: Date;
}

/** Points of a curve in the file; longer ones are thinned out evenly. */
const MOST_POINTS = 5000;

/**
 * A training run as one HTML file that needs nothing else: curves, numbers, settings, adapter. It asks for no network,
 * and its content security policy forbids it.
 */
export function renderReport(report: Report): string {
  const { title, adapter, spec, readings, evaluations, result, date = new Date() } = report;
  const replicas = curveNames(spec);
  const quantities = quantitiesOf(spec.job === 'train' ? spec.instruments : []);
  const charts = quantities.map((quantity) => ({
    id: quantity.id,
    log: quantity.log,
    scatters: quantity.scatters,
    sparse: quantity.from === 'evaluation',
    percent: quantity.id === 'accuracy',
    curves: curvesOf(quantity, report, replicas.length),
  }));
  const lastStep = readings.reduce((last, { step }) => Math.max(last, step), 0);
  const data = { replicas, lastStep, charts };

  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${uPlotStyle}
${pageStyle}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(date.toISOString().slice(0, 16).replace('T', ' '))} UTC, ${escapeHtml(adapterText(adapter))}</p>
${adapter?.software ? '<p class="software"><strong>Software adapter:</strong> correct, but its speed is not a GPU’s.</p>' : ''}
<h2>At the end</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Numbers at the end">${summaryTable(replicas, readings, evaluations, result)}</div>
<p class="note">|G|² and tr Σ are means over the last hundred measurements, B<sub>simple</sub> is as of the last measurement, with its 95 % interval: “≥” where the gradient is not told from the noise, so that it has no upper end. Its chart has the interval as a band, dashed at the lower end where it is open.</p>
<h2>Curves</h2>
<div class="charts">
${quantities.map(figure).join('\n')}
</div>
<h2>Settings</h2>
<pre tabindex="0">${escapeHtml(JSON.stringify(spec, null, 2))}</pre>
</main>
<script type="application/json" id="data">${escapeJson(data)}</script>
<script>${uPlotScript}</script>
<script>${pageScript}</script>
</body>
</html>
`;
}

/** One replica's, as the page's script draws it. */
interface Curve {
  steps: number[];
  values: (number | null)[];
  /** An interval for each step, null for none; an end is null for ∞. Left out where the quantity has none. */
  intervals?: (Interval | null)[];
}

function curvesOf(quantity: Quantity, { readings, evaluations }: Report, replicas: number): Curve[] {
  const events: readonly (Reading | Evaluation)[] =
    quantity.from === 'evaluation' ? evaluations.filter(isTest) : readings;
  return Array.from({ length: replicas }, (_, replica) => {
    const all = events.flatMap((event) => {
      const value = event.replica === replica ? quantity.read(event) : undefined;
      if (value === undefined) return [];
      const interval = quantity.interval?.(event) ?? null;
      return [{ step: event.step, value: value !== null && Number.isFinite(value) ? value : null, interval }];
    });
    const stride = Math.ceil(all.length / MOST_POINTS);
    const kept = all.filter((_, index) => index % stride === 0);
    return {
      steps: kept.map(({ step }) => step),
      values: kept.map(({ value }) => round(value)),
      ...(quantity.interval && {
        intervals: kept.map(
          ({ interval }) => interval && ([round(interval[0]), round(interval[1])] as const),
        ),
      }),
    };
  });
}

/** Six digits: more than a curve shows, and half the file. */
function round(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(6));
}

function isTest({ split, weights }: Evaluation): boolean {
  return split === 'test' && weights === 'last';
}

function figure({ id, symbol, name, equation, meaning, source }: Quantity): string {
  const heading = symbol === name ? escapeHtml(name) : `${formula(symbol)}<small>${escapeHtml(name)}</small>`;
  return `<figure aria-labelledby="title-${id}">
<h3 id="title-${id}">${heading}</h3>
<div class="plot" id="plot-${id}" role="img" aria-label="${escapeHtml(name)} over steps"></div>
<p class="note" id="readout-${id}"></p>
<details><summary>What it is</summary><p>${formula(equation)}</p><p>${withIndices(meaning)}</p><p>${escapeHtml(source)}</p></details>
</figure>`;
}

function summaryTable(
  replicas: readonly string[],
  readings: readonly Reading[],
  evaluations: readonly Evaluation[],
  result: unknown,
): string {
  const results = (result as { replicas?: unknown[] } | undefined)?.replicas ?? [result];
  const heads = [
    '',
    'steps',
    'training loss',
    'test accuracy',
    '|G|²',
    'tr Σ',
    'B<sub>simple</sub>',
    'ε/B(1 − m)',
  ];
  const rows = replicas.map((label, replica) => {
    const own = readings.filter((reading) => reading.replica === replica);
    const measured = own.filter(({ traceCovariance }) => traceCovariance !== undefined).slice(-100);
    const last = own.at(-1);
    const tested = evaluations
      .filter((evaluation) => evaluation.replica === replica && isTest(evaluation))
      .at(-1);
    const { finalLoss, diverged } = (results[replica] ?? {}) as {
      finalLoss?: number;
      diverged?: { step: number; reason: string };
    };
    const ended = diverged ? `diverged at step ${diverged.step}: ${escapeHtml(diverged.reason)}` : undefined;
    const cells = [
      formatCount(last?.step ?? 0),
      ended ?? formatNumber(finalLoss ?? last?.loss),
      typeof tested?.accuracy === 'number' ? `${(100 * tested.accuracy).toFixed(2)} %` : '–',
      formatNumber(mean(measured.map((reading) => reading.gradNormSqOfTrainingSet ?? undefined))),
      formatNumber(mean(measured.map((reading) => reading.traceCovariance))),
      formatNoiseScale(measured.at(-1)),
      formatNumber(last?.temperature),
    ];
    const swatch = `<span class="swatch" style="background: var(--curve-${replica % 8})"></span>`;
    return `<tr><th scope="row">${swatch}${escapeHtml(label)}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  const head = heads.map((text) => (text === '' ? '<td></td>' : `<th scope="col">${text}</th>`)).join('');
  return `<table class="numbers"><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function formatNoiseScale(reading: Reading | undefined): string {
  return formatEstimate(reading?.bSimpleResolved ? reading.bSimple : null, reading?.bSimpleInterval);
}

function mean(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** The replicas by what differs between them. */
function curveNames(spec: JobSpec): string[] {
  const single = spec.job === 'train' ? `ε = ${spec.optimizer.lr}` : 'run';
  if (spec.job !== 'train' || !spec.replicas) return [single];
  return spec.replicas.map((replica, index) => {
    const { lr, seed, ...rest } = replica;
    const parts = [
      ...(lr === undefined ? [] : [`ε = ${lr}`]),
      ...(seed === undefined ? [] : [`seed ${seed}`]),
      ...Object.entries(rest).map(([key, value]) => `${key} ${value}`),
    ];
    return parts.join(', ') || `replica ${index}`;
  });
}

function adapterText(adapter: AdapterInfo | undefined): string {
  if (!adapter) return 'unknown adapter';
  const { vendor, architecture, description, device } = adapter;
  return (
    [vendor, architecture, description || device].filter((part) => part !== '').join(' ') || 'unnamed adapter'
  );
}

function formula(text: string): string {
  return `<span class="formula">${withIndices(text)}</span>`;
}

function withIndices(text: string): string {
  return scriptPieces(text)
    .map((piece) => (piece.below ? `<sub>${escapeHtml(piece.text)}</sub>` : escapeHtml(piece.text)))
    .join('');
}

/** JSON that cannot end the script element it stands in. */
function escapeJson(value: unknown): string {
  return JSON.stringify(value).replace(/</g, '\\u003c');
}
