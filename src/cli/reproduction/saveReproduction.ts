import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MergedClaim } from '../../experiments/reproduction/mergeClaims.ts';
import type { Results } from '../../experiments/reproduction/results.ts';
import { InputError } from '../../host/inputError.ts';
import { formatJson } from '../formatJson.ts';
import { save } from '../saveResult.ts';
import { writeOutput } from '../writeOutput.ts';
import { renderReproduction } from './renderReproduction.ts';

/** Of a chart in the report, CSS pixels: it fits a telephone's width. */
const CHART_WIDTH = 350;

/**
 * Writes what claims came to: `figures/<claim>.svg` of those that are judged, `results.json`, `report.html`.
 * @throws InputError where the folder for figures cannot be made; OutputError
 */
export async function saveReproduction(
  out: string,
  results: Results,
  merged: readonly MergedClaim[],
): Promise<void> {
  const { chartTexts, figureText } = await import('../figureText.ts');
  const folder = join(out, 'figures');
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new InputError(folder, '--out', `cannot be made a folder: ${(error as Error).message}`);
  }
  const charts = new Map<string, { title: string; svg: string }[]>();
  for (const { claim, result } of merged) {
    const { figure } = result;
    if (!figure) continue;
    const { id } = claim.experiment;
    await writeOutput(join(folder, `${id}.svg`), figureText(figure));
    const drawn = chartTexts(figure, CHART_WIDTH);
    charts.set(
      id,
      figure.panels.map(({ title }, i) => ({ title, svg: drawn[i]! })),
    );
  }
  await save(join(out, 'results.json'), `${formatJson(results)}\n`);
  await save(join(out, 'report.html'), renderReproduction(results, charts));
}
