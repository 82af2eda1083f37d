import type { AdapterInfo } from '../../gpu/device.ts';

const FOLDER = '../../../bench/results/';
const adapters = import.meta.glob<AdapterInfo>('../../../bench/results/kernels-*.json', {
  eager: true,
  import: 'adapter',
});
const addresses = import.meta.glob<string>('../../../bench/results/kernels-*.json', {
  eager: true,
  query: '?url',
  import: 'default',
});

/** A run that was committed under bench/results, and came with the page. */
export interface BuiltinRun {
  /** Of its file. */
  readonly name: string;
  readonly adapter: AdapterInfo;
  /** The file's text. @throws if it is no longer beside the page */
  load(): Promise<string>;
}

/** The runs that were there when the page was built. */
export const builtinRuns: readonly BuiltinRun[] = Object.entries(addresses).map(([path, address]) => ({
  name: path.slice(FOLDER.length),
  adapter: adapters[path]!,
  load: async () => {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`${path.slice(FOLDER.length)}: answered with ${response.status}`);
    return response.text();
  },
}));
