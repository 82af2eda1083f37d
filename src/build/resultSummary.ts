import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import { summariseResult } from './libraryResult.ts';

const QUERY = '?summary';

/** `….json?summary` of a result beside other libraries: what a page shows of it, without the samples. */
export function resultSummary(): Plugin {
  return {
    name: 'basin:result-summary',
    enforce: 'pre',
    load(id) {
      if (!id.endsWith(`.json${QUERY}`)) return null;
      // JSON again: Vite makes a module of it.
      return JSON.stringify(summariseResult(JSON.parse(readFileSync(id.slice(0, -QUERY.length), 'utf8'))));
    },
  };
}
