import type { LibraryResult } from '../../../build/libraryResult.ts';

const FOLDER = '../../../../bench/results/';
// One is of an older form, which had no cases.
const found = import.meta.glob<LibraryResult>(
  ['../../../../bench/results/{peers,step,sweep}-*.json', '!**/step-node-lavapipe.json'],
  { query: '?summary', import: 'default' },
);

/** Results beside other libraries that were committed, each with what loads it, by the names of their files. */
export const libraryResults: ReadonlyMap<string, () => Promise<LibraryResult>> = new Map(
  Object.entries(found).map(([path, load]) => [path.slice(FOLDER.length).replace(/\.json$/, ''), load]),
);
