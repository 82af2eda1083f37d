import type { AdapterInfo } from '../../gpu/device.ts';

const FOLDER = '../../../bench/results/';
const adapters = import.meta.glob<AdapterInfo>('../../../bench/results/kernels-*.json', {
  eager: true,
  import: 'adapter',
});
const dates = import.meta.glob<string>('../../../bench/results/kernels-*.json', {
  eager: true,
  import: 'date',
});
const addresses = import.meta.glob<string>('../../../bench/results/kernels-*.json', {
  eager: true,
  query: '?url',
  import: 'default',
});

/** A run that was committed under bench/results, and came with the page. */
export interface BuiltinRun {
  /** Of its file, without the ending. */
  readonly name: string;
  readonly adapter: AdapterInfo;
  /** ISO 8601. */
  readonly date: string;
  /** The file's text. @throws if it is no longer beside the page */
  load(): Promise<string>;
}

/** The runs that were there when the page was built. */
export const builtinRuns: readonly BuiltinRun[] = Object.entries(addresses).map(([path, address]) => {
  const file = path.slice(FOLDER.length);
  return {
    name: file.replace(/\.json$/, ''),
    adapter: adapters[path]!,
    date: dates[path]!,
    load: async () => {
      const response = await fetch(address);
      if (!response.ok) throw new Error(`${file}: answered with ${response.status}`);
      return response.text();
    },
  };
});

/** The run that is nearest to what a page computes on, or may: of software where that is software, else of a GPU. */
export function nearestRun(adapter: Pick<AdapterInfo, 'software'> | undefined): BuiltinRun | undefined {
  const software = adapter?.software ?? false;
  return builtinRuns.find((run) => run.adapter.software === software) ?? builtinRuns[0];
}
