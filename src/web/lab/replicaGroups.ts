import type { TrainSpec } from '../../jobs/trainSpec.ts';

/** Replicas that differ in their seeds alone: one colour, a mean and a band. */
export interface ReplicaGroup {
  readonly label: string;
  /** Their places in the run. */
  readonly replicas: readonly number[];
}

const NAMES: Readonly<Record<string, (value: unknown) => string>> = {
  lr: (value) => `ε = ${value}`,
  momentum: (value) => `m = ${value}`,
  weight_decay: (value) => `λ = ${value}`,
  betas: (value) => `β = ${(value as readonly number[]).join(', ')}`,
  eps: (value) => `eps = ${value}`,
  weights: (value) => String(value).replace(/^.*[\\/]/, ''),
};

type Replica = Readonly<Record<string, unknown>>;

/** The replicas of a run by the settings that are no seeds, in the order in which they first come. */
export function replicaGroups(spec: TrainSpec): ReplicaGroup[] {
  const all = replicasOf(spec);
  const own = (replica: Replica): Replica =>
    Object.fromEntries(
      Object.keys(NAMES).flatMap((key) => (replica[key] === undefined ? [] : [[key, replica[key]]])),
    );
  const groups = new Map<string, { replica: Replica; places: number[] }>();
  for (const [place, replica] of all.entries()) {
    const key = JSON.stringify(own(replica));
    const group = groups.get(key) ?? { replica: own(replica), places: [] };
    groups.set(key, group);
    group.places.push(place);
  }
  const several = [...groups.values()];
  const differing = Object.keys(NAMES).filter(
    (key) => new Set(several.map(({ replica }) => JSON.stringify(replica[key]))).size > 1,
  );
  // One alone is known by its rate.
  const shown = differing.length > 0 ? differing : ['lr'];
  return several.map(({ replica, places }) => ({
    label: shown.flatMap((key) => (replica[key] === undefined ? [] : [NAMES[key]!(replica[key])])).join(', '),
    replicas: places,
  }));
}

/** What each replica is called: by its group, and its seed where the group has several. */
export function replicaLabels(spec: TrainSpec): string[] {
  const all = replicasOf(spec);
  const labels = new Array<string>(all.length);
  for (const { label, replicas } of replicaGroups(spec)) {
    for (const [i, place] of replicas.entries()) {
      const { seed } = all[place]!;
      const which = replicas.length === 1 ? [] : [seed === undefined ? `replica ${i}` : `seed ${seed}`];
      labels[place] = [label, ...which].join(', ');
    }
  }
  return labels;
}

function replicasOf({ replicas = [{}], optimizer, ...top }: TrainSpec): Replica[] {
  const { seed, weights } = top;
  return replicas.map((replica) => ({ seed, weights, ...optimizer, ...replica }));
}
