import { basename } from 'node:path';
import type { ParsedTrainSpec } from '../jobs/trainSpec.ts';

type Named =
  | 'lr'
  | 'momentum'
  | 'weight_decay'
  | 'betas'
  | 'eps'
  | 'seed'
  | 'init_seed'
  | 'order_seed'
  | 'data_seed'
  | 'weights';

const NAMES: Readonly<Record<Named, (value: string | number) => string>> = {
  lr: (value) => `ε = ${value}`,
  momentum: (value) => `m = ${value}`,
  weight_decay: (value) => `λ = ${value}`,
  betas: (value) => `β = ${value}`,
  eps: (value) => `eps = ${value}`,
  seed: (value) => `seed ${value}`,
  init_seed: (value) => `initial seed ${value}`,
  order_seed: (value) => `order seed ${value}`,
  data_seed: (value) => `data seed ${value}`,
  weights: (value) => basename(String(value)),
};

/**
 * What the replicas of a run are called: by what differs between them, "ε = 0.1, seed 3". Those that nothing tells apart
 * have their numbers as well.
 * @returns one name a replica; an empty one for a run alone
 */
export function replicaNames({
  replicas,
  optimizer,
  ...top
}: Pick<
  ParsedTrainSpec,
  'replicas' | 'optimizer' | 'seed' | 'init_seed' | 'order_seed' | 'data_seed' | 'weights'
>): string[] {
  if (!replicas || replicas.length === 1) return [''];
  const all = replicas.map((replica): Partial<Record<Named, string | number>> => {
    const { betas, ...one }: { readonly betas?: readonly number[] | undefined } & object = {
      ...optimizer,
      ...top,
      ...replica,
    };
    return { ...one, ...(betas && { betas: betas.join(', ') }) };
  });
  const differing = (Object.keys(NAMES) as Named[]).filter((key) => new Set(all.map((r) => r[key])).size > 1);
  const names = all.map((replica) =>
    differing.flatMap((key) => (replica[key] === undefined ? [] : [NAMES[key](replica[key])])).join(', '),
  );
  return names.map((name, r) => {
    const unique = name !== '' && names.filter((other) => other === name).length === 1;
    return unique ? name : [name, `replica ${r}`].filter((part) => part !== '').join(', ');
  });
}
