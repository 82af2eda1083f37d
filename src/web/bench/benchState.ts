import type { LadderName } from '../../bench/kernelsReport.ts';
import { changeUrlState, type UrlState } from '../urlState.ts';

/** The views of the page. */
export const TABS = [
  { id: 'kernels', label: 'Kernels' },
  { id: 'ladders', label: 'Ladders' },
  { id: 'editor', label: 'Editor' },
  { id: 'tiles', label: 'Tile sizes' },
  { id: 'libraries', label: 'Libraries' },
  { id: 'compare', label: 'Compare' },
] as const;

export type TabId = (typeof TABS)[number]['id'];

/** Everything of the page that its address holds. */
export interface BenchState {
  readonly tab: TabId;
  /** The run that is shown, by its key; undefined for the page's own where there is one, else the one that came with the page. */
  readonly run: string | undefined;
  readonly quick: boolean;
  /** Empty for all. */
  readonly families: ReadonlySet<string>;
  /** A row's id. */
  readonly row: string | undefined;
  readonly ladder: LadderName;
  readonly version: number | undefined;
  readonly shape: string | undefined;
  readonly metric: 'time' | 'rate';
  /** Keys of the runs that are compared. */
  readonly a: string | undefined;
  readonly b: string | undefined;
  /** Result of other libraries, by the name of its file. */
  readonly results: string | undefined;
  /** The row whose kernel is edited, the kernel, its grid, and its text where that is not the shipped one. */
  readonly edit: string | undefined;
  readonly kernel: string | undefined;
  readonly gridX: string;
  readonly gridY: string;
  readonly text: string | undefined;
}

export function benchState({ place, values }: UrlState): BenchState {
  const word = (name: string): string | undefined => values[name] || undefined;
  const version = Number(values.version);
  return {
    tab: TABS.find(({ id }) => id === place)?.id ?? 'kernels',
    run: word('run'),
    quick: values.quick === '1',
    families: new Set(word('families')?.split(',')),
    row: word('row'),
    ladder: (word('ladder') ?? 'matmul') as LadderName,
    version: Number.isInteger(version) && version > 0 ? version : undefined,
    shape: word('shape'),
    metric: values.metric === 'rate' ? 'rate' : 'time',
    a: word('a'),
    b: word('b'),
    results: word('results'),
    edit: word('edit'),
    kernel: word('kernel'),
    gridX: values.x ?? '',
    gridY: values.y ?? '',
    text: word('text'),
  };
}

/** Puts changes of the state into the address; another view is another place to come back to. */
export function changeBenchState({ tab, ...others }: Partial<BenchState>): void {
  const values = benchValues(others);
  changeUrlState({ ...(tab ? { place: tab } : {}), values }, tab ? 'push' : 'replace');
}

/** What the address holds of parts of the state, by the names that they have there; undefined for what is so by default. */
export function benchValues(state: Partial<Omit<BenchState, 'tab'>>): Record<string, string | undefined> {
  const names: Record<string, string> = { gridX: 'x', gridY: 'y' };
  return Object.fromEntries(
    Object.entries(state).map(([name, value]) => [names[name] ?? name, written(value)]),
  );
}

/** What is so by default is not written. */
function written(value: BenchState[keyof BenchState]): string | undefined {
  if (value === undefined || value === '' || value === false || value === 'time') return undefined;
  if (value === true) return '1';
  if (typeof value === 'object') return value.size > 0 ? [...value].join(',') : undefined;
  return `${value}`;
}

/** The runs that are compared: those that were chosen, else the first two there are. */
export function comparedBy({ a, b }: Pick<BenchState, 'a' | 'b'>, keys: readonly string[]): [string, string] {
  const left = a ?? keys.find((key) => key !== b) ?? '';
  return [left, b ?? keys.find((key) => key !== left) ?? ''];
}
