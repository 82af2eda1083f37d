import { InputError } from '../host/inputError.ts';

/** What may differ between the replicas of a run. */
export interface ReplicaSettings {
  /** ε at the start, which the schedule shapes; with a table of rates its first one. */
  readonly lr: number;
  /** Of SGD alone. */
  readonly momentum?: number;
  readonly weightDecay: number;
  /** Of initial weights and order, each drawn by a seed that follows from it (`deriveSeed`), in [0, 2³²). */
  readonly seed: number;
  /** In place of the seed that follows for the initial weights, where it was given. */
  readonly initSeed?: number;
  /** In place of the seed that follows for the order of examples and for Dropout, where it was given. */
  readonly orderSeed?: number;
  /** In place of the seed that follows for subset, label noise and augmentation, where it was given. */
  readonly dataSeed?: number;
}

export type ReplicaKey = keyof ReplicaSettings;
/** Values of some settings, a list each. */
export type ReplicaLists = { readonly [K in ReplicaKey]?: readonly number[] | undefined };

export const REPLICA_KEYS = [
  'lr',
  'momentum',
  'weightDecay',
  'seed',
  'initSeed',
  'orderSeed',
  'dataSeed',
] as const;

/** Replicas lie along the third axis of every grid of workgroups. */
export const MOST_REPLICAS = 65_535;

/** Settings of all replicas, of each by lists that are combined, and of each by lists that are taken together. */
export interface GivenReplicas extends Partial<{ readonly [K in ReplicaKey]: number | undefined }> {
  readonly grid?: ReplicaLists | undefined;
  readonly zip?: ReplicaLists | undefined;
}

/**
 * The replicas of a run: every row of `zip` with every cell of `grid`, the last key of the grid fastest. One where neither is given.
 * @param file how messages name the description
 * @param defaults of what is given nowhere
 * @throws InputError for a setting in two places, an empty list, lists of `zip` that are not of one length, more than 65,535 replicas,
 *   and for what has neither value nor default
 */
export function replicaGrid(
  file: string,
  { grid = {}, zip = {}, ...common }: GivenReplicas,
  defaults: Partial<ReplicaSettings>,
): ReplicaSettings[] {
  const places = { '': defined(common), grid: defined(grid), zip: defined(zip) };
  requireOnce(file, places);
  const [columns, axes] = [Object.entries(places.zip), Object.entries(places.grid)];
  for (const [place, lists] of [
    ['zip', columns],
    ['grid', axes],
  ] as const) {
    const empty = lists.find(([, values]) => values.length === 0);
    if (empty) throw new InputError(file, `${place}.${empty[0]}`, 'is empty, expected at least one value');
  }
  const rows = columns[0]?.[1].length ?? 1;
  const odd = columns.find(([, values]) => values.length !== rows);
  if (odd) {
    const reason = `has ${odd[1].length} values and zip.${columns[0]![0]} ${rows}, expected lists of one length, which go together`;
    throw new InputError(file, `zip.${odd[0]}`, `${reason}; those of grid are combined`);
  }
  const replicas = axes.reduce((product, [, values]) => product * values.length, rows);
  if (replicas > MOST_REPLICAS) {
    const place = axes.length > 0 ? 'grid' : 'zip';
    throw new InputError(file, place, `comes to ${replicas} replicas, expected at most ${MOST_REPLICAS}`);
  }
  const cells = axes.reduce<Partial<ReplicaSettings>[]>(
    (before, [key, values]) => before.flatMap((cell) => values.map((value) => ({ ...cell, [key]: value }))),
    [{}],
  );
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(columns.map(([key, values]) => [key, values[row]!])),
  ).flatMap((row) => cells.map((cell) => inOrder(file, { ...defaults, ...places[''], ...row, ...cell })));
}

function requireOnce(
  file: string,
  places: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): void {
  for (const key of REPLICA_KEYS) {
    const [first, second] = Object.keys(places).filter((place) => key in places[place]!);
    if (second === undefined) continue;
    const reason = `is given ${first === '' ? 'at the top' : `in ${first}`} as well, expected in one of the two`;
    throw new InputError(file, `${second}.${key}`, reason);
  }
}

/** One replica's settings, whole and in the order of their keys. */
function inOrder(file: string, given: Partial<ReplicaSettings>): ReplicaSettings {
  if (given.lr === undefined) {
    throw new InputError(
      file,
      'lr',
      'missing, expected a learning rate at the top, or several in grid or zip',
    );
  }
  const pairs = REPLICA_KEYS.flatMap((key) => (given[key] === undefined ? [] : [[key, given[key]]]));
  return Object.fromEntries(pairs) as ReplicaSettings;
}

function defined<T>(given: { readonly [K in string]?: T | undefined }): Record<string, T> {
  const pairs = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(pairs) as Record<string, T>;
}
