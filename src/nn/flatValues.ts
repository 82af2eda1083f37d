import type { FlatLayout } from '../ops/flat.ts';
import { isCount } from './isCount.ts';
import type { StateValues } from './stateDict.ts';

export type { FlatLayout };

/**
 * Named tensors as one flat vector, zeros between them. A count of batches goes in as the bits of an unsigned integer.
 * @throws if one is missing or has not the elements of the layout: a fault of the program, not of a file
 */
export function flatValues(layout: FlatLayout, values: StateValues): Float32Array {
  const flat = new Float32Array(layout.length);
  const words = new Uint32Array(flat.buffer);
  for (const { name, offset, elements } of layout.entries) {
    const tensor = values.get(name);
    if (tensor?.length !== elements) {
      throw new Error(`${name} has ${tensor?.length ?? 'no'} elements, expected ${elements}`);
    }
    if (isCount(name)) words.set(tensor, offset);
    else flat.set(tensor, offset);
  }
  return flat;
}

/** A copy of one tensor of a flat vector. */
export function partValues(layout: FlatLayout, flat: Float32Array, entry: number): Float32Array {
  const { offset, elements } = layout.entries[entry]!;
  return flat.slice(offset, offset + elements);
}

/** All tensors of a flat vector by name, copied; counts of batches as integers. */
export function namedValues(layout: FlatLayout, flat: Float32Array): Map<string, Float32Array | Uint32Array> {
  return new Map(
    layout.entries.map(({ name }, i) => {
      const values = partValues(layout, flat, i);
      return [name, isCount(name) ? new Uint32Array(values.buffer) : values];
    }),
  );
}
