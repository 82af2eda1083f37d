import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/** What a run of `basin reproduce` that comes with the pages made of the claims. */
const CLAIMS = 'virtual:claimResults';

/** What is looked at here of results.json. */
interface KeptResults {
  readonly preset: string;
  readonly claims: readonly {
    readonly id: string;
    readonly version: number;
    readonly verdict: string;
    readonly statistic: unknown;
    readonly statistics: readonly { readonly margin: unknown }[];
  }[];
}

/**
 * The results of a folder that `basin reproduce` wrote, as the module `virtual:claimResults`: of all claims what a list shows, and a module
 * a claim with all of it, loaded when its page is opened. Without such a folder no claim has a result.
 */
export function claimResults(folder: string): Plugin {
  const file = join(folder, 'results.json');
  const read = (path: string): unknown => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null);
  return {
    name: 'basin:claim-results',
    resolveId: (id) => (id === CLAIMS || id.startsWith(`${CLAIMS}/`) ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith(`\0${CLAIMS}`)) return null;
      const results = read(file) as KeptResults | null;
      const name = id.slice(`\0${CLAIMS}/`.length);
      if (name === '') return { code: listModule(results), map: null };
      const claim = results?.claims.find((each) => each.id === name);
      if (!claim) throw new Error(`${file} has no claim ${name}`);
      const drawn = read(join(folder, 'figures', `${name}.json`));
      return { code: claimModule({ ...claim, kernels: {} }, drawn), map: null };
    },
  };
}

function listModule(results: KeptResults | null): string {
  const claims = results?.claims ?? [];
  const summaries = claims.map(({ id, version, verdict, statistic, statistics }) => [
    id,
    { version, verdict, statistic, statistics: statistics.filter(({ margin }) => margin !== null) },
  ]);
  const loads = claims.map(
    ({ id }) => `${JSON.stringify(id)}: () => import(${JSON.stringify(`${CLAIMS}/${id}`)})`,
  );
  return [
    `export const preset = ${JSON.stringify(results?.preset ?? null)};`,
    `export const summaries = ${JSON.stringify(Object.fromEntries(summaries))};`,
    `export const claims = {${loads.join(',\n')}};`,
  ].join('\n');
}

function claimModule(claim: object, drawn: unknown): string {
  // A text is parsed faster than an object of a program.
  const parsed = (value: unknown): string => `JSON.parse(${JSON.stringify(JSON.stringify(value))})`;
  return `export const claim = ${parsed(claim)};\nexport const drawn = ${parsed(drawn)};`;
}
