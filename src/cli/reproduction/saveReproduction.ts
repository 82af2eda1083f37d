import { join } from 'node:path';
import type { Agreement } from '../../experiments/reproduction/agreement.ts';
import type { FigureData } from '../../experiments/reproduction/bundledClaim.ts';
import type { MergedClaim } from '../../experiments/reproduction/mergeClaims.ts';
import type { Results } from '../../experiments/reproduction/results.ts';
import { formatJson } from '../../present/formatJson.ts';
import { makeFolder } from '../makeFolder.ts';
import { save } from '../saveResult.ts';
import { writeOutput } from '../writeOutput.ts';
import { claimsMarkdown } from './claimsMarkdown.ts';
import { renderReproduction } from './renderReproduction.ts';

/** Of a chart in the report, CSS pixels: it fits a telephone's width. */
const CHART_WIDTH = 350;

/**
 * Writes what claims came to: `figures/<claim>.svg` of those that are judged, and as data in `figures/<claim>.json`; `results.json`, `report.html`, and `claims.md`, a table.
 * @throws InputError where the folder for figures cannot be made; OutputError
 */
export async function saveReproduction(
  out: string,
  results: Results,
  merged: readonly MergedClaim[],
  beside: Agreement | null = null,
): Promise<void> {
  const { chartTexts, figureText } = await import('../figureText.ts');
  const folder = join(out, 'figures');
  makeFolder(folder, '--out');
  const charts = new Map<string, { title: string; svg: string }[]>();
  for (const { claim, result } of merged) {
    const { figure } = result;
    if (!figure) continue;
    const { id } = claim.experiment;
    await writeOutput(join(folder, `${id}.svg`), figureText(figure));
    const data: FigureData = { figure, effects: result.outcome?.effects ?? [] };
    await writeOutput(join(folder, `${id}.json`), `${formatJson(data)}\n`);
    const drawn = chartTexts(figure, CHART_WIDTH);
    charts.set(
      id,
      figure.panels.map(({ title }, i) => ({ title, svg: drawn[i]! })),
    );
  }
  await save(join(out, 'results.json'), `${formatJson(results)}\n`);
  await save(join(out, 'claims.md'), `${claimsMarkdown(results, 'report.html')}\n`);
  await save(join(out, 'report.html'), renderReproduction(results, charts, beside));
}
