import type { Tensors } from './deviation.ts';

/** The tensors that hold parameters, by name: no running statistics. */
export function parametersOf(state: Tensors): Tensors {
  return new Map(
    [...state].filter(([name]) => !/\.(running_mean|running_var|num_batches_tracked)$/.test(name)),
  );
}

/** The tensors under a prefix, by their names without it. */
export function under(prefix: string, tensors: Tensors): Tensors {
  return new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor] as const] : [],
    ),
  );
}

/** All elements one after another, in the order of `names`; what is missing is left out. */
export function flatten(tensors: Tensors, names: Iterable<string>): number[] {
  return [...names].flatMap((name) => [...(tensors.get(name)?.data ?? [])]);
}

/** A state with `scale` times a displacement added to the parameters that it has. */
export function displaced(state: Tensors, displacement: Tensors, scale = 1): Tensors {
  return new Map(
    [...state].map(([name, { shape, data }]) => {
      const by = displacement.get(name)?.data;
      return [name, { shape, data: data.map((value, i) => value + scale * (by?.[i] ?? 0)) }] as const;
    }),
  );
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

export function norm(a: readonly number[]): number {
  return Math.sqrt(dot(a, a));
}
