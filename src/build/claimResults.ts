import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { bundledClaim, type FigureData, summariesOf } from '../experiments/reproduction/bundledClaim.ts';
import type { Results } from '../experiments/reproduction/results.ts';

/** What a run of `basin reproduce` that comes with the pages made of the claims: see claimResultsModule.d.ts. */
const CLAIMS = 'virtual:claimResults';

/**
 * The results of a folder that `basin reproduce` wrote: of all claims what a list shows, and a module a claim, loaded when its page is opened.
 * Without such a folder no claim has a result.
 */
export function claimResults(folder: string): Plugin {
  const file = join(folder, 'results.json');
  const read = (): Results | null =>
    existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : null;
  return {
    name: 'basin:claim-results',
    resolveId: (id) => (id.startsWith(CLAIMS) ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith(`\0${CLAIMS}`)) return null;
      const results = read();
      const claim = id.slice(`\0${CLAIMS}/`.length);
      return { code: claim === '' ? listModule(results) : claimModule(results, claim), map: null };
    },
  };

  function claimModule(results: Results | null, id: string): string {
    const claim = results?.claims.find((each) => each.id === id);
    if (!claim) throw new Error(`${file} has no claim ${id}`);
    const drawn = join(folder, 'figures', `${id}.json`);
    const figure = existsSync(drawn) ? (JSON.parse(readFileSync(drawn, 'utf8')) as FigureData) : null;
    return `export default JSON.parse(${JSON.stringify(JSON.stringify(bundledClaim(claim, figure)))});`;
  }
}

function listModule(results: Results | null): string {
  const summaries = results ? summariesOf(results) : {};
  const loads = Object.keys(summaries).map(
    (id) => `${JSON.stringify(id)}: () => import(${JSON.stringify(`${CLAIMS}/${id}`)})`,
  );
  return [
    `export const preset = ${JSON.stringify(results?.preset ?? null)};`,
    `export const summaries = ${JSON.stringify(summaries)};`,
    `export const claims = {${loads.join(',\n')}};`,
  ].join('\n');
}
