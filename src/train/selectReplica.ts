import { InputError } from '../host/inputError.ts';
import { showValue } from '../host/showValue.ts';
import { REPLICA_KEYS, type ReplicaKey, type ReplicaSettings } from './replicaGrid.ts';

/** A replica of a run: its place, or settings that it alone has. */
export type ReplicaSelection = number | { readonly [K in ReplicaKey]?: number | undefined };

/**
 * The place of the one replica that is meant; of the only one where none is named.
 * @throws InputError for a place that there is not, a key that is no replica's setting, and where none or several are meant,
 *   saying how many and by what they could be told apart
 */
export function selectReplica(
  replicas: readonly ReplicaSettings[],
  selection: ReplicaSelection = {},
): number {
  const refuse = (item: string, reason: string): InputError => new InputError('run', item, reason);
  const count = replicas.length;
  if (typeof selection === 'number') {
    if (Number.isInteger(selection) && selection >= 0 && selection < count) return selection;
    throw refuse('replica', `is ${selection}, expected a whole number from 0 to ${count - 1}`);
  }
  if (typeof selection !== 'object' || selection === null) {
    const found = showValue(selection);
    throw refuse(
      'replica',
      `is ${found}, expected its place (from 0), or settings such as ${example(replicas)}`,
    );
  }
  const asked = Object.entries(selection).filter(([, value]) => value !== undefined) as [
    ReplicaKey,
    number,
  ][];
  for (const [key] of asked) {
    if (REPLICA_KEYS.includes(key)) continue;
    throw refuse(`replica.${key}`, `is no setting of a replica, expected some of ${REPLICA_KEYS.join(', ')}`);
  }
  const found = [...replicas.keys()].filter((r) =>
    asked.every(([key, value]) => replicas[r]![key] === value),
  );
  if (found.length === 1) return found[0]!;
  const named = showSettings(Object.fromEntries(asked));
  if (found.length > 1) {
    const what = asked.length === 0 ? 'none is named' : `${named} is what ${found.length} replicas have`;
    const among = found.map((r) => replicas[r]!);
    throw refuse('replica', `${what}, and there are ${count}: expected one, ${toldApart(among)}`);
  }
  const others = asked.flatMap(([key, value]) => {
    const values = valuesOf(replicas, key);
    return values.includes(value) ? [] : [`${key} is ${values.join(', ') || 'given to none'}`];
  });
  throw refuse(
    'replica',
    `${named} is what none of ${count} has${others.map((text) => `; ${text}`).join('')}`,
  );
}

/** What says which of some replicas is meant. */
function toldApart(among: readonly ReplicaSettings[]): string {
  const keys = differing(among);
  // All alike: only their places tell them apart.
  if (keys.length === 0) return 'by its place';
  return `by ${keys.map((key) => `${key} (${valuesOf(among, key).slice(0, 8).join(', ')})`).join(' and ')}`;
}

function example(replicas: readonly ReplicaSettings[]): string {
  const keys = differing(replicas);
  const first = replicas[0]!;
  return showSettings(
    Object.fromEntries((keys.length > 0 ? keys : ['lr' as const]).map((key) => [key, first[key]])),
  );
}

/** Settings in which some replicas differ. */
export function differing(replicas: readonly ReplicaSettings[]): ReplicaKey[] {
  return REPLICA_KEYS.filter((key) => new Set(replicas.map((replica) => replica[key])).size > 1);
}

/** The values of a setting, each once, in the order of replicas. */
export function valuesOf(replicas: readonly ReplicaSettings[], key: ReplicaKey): number[] {
  return [...new Set(replicas.flatMap((replica) => replica[key] ?? []))];
}

function showSettings(settings: Readonly<Record<string, number | undefined>>): string {
  return `{ ${Object.entries(settings)
    .map(([key, value]) => `${key}: ${showValue(value)}`)
    .join(', ')} }`;
}
