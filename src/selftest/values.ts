import type { Operand, Values } from './trial.ts';

/** Uniform in [low, high), the same for the same seed; exact in float32. */
export function uniform(elements: number, seed: number, low = -1, high = 1): Float32Array {
  let state = (Math.imul(seed + 1, 2654435761) >>> 0) + 1;
  // A loop: with Float32Array.from the millions of a benchmark take ten times as long.
  const values = new Float32Array(elements);
  for (let i = 0; i < elements; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    values[i] = low + ((high - low) * (state >>> 8)) / 2 ** 24;
  }
  return values;
}

/** Integers from 0 to `end` − 1. */
export function integers(elements: number, seed: number, end: number): Uint32Array {
  return Uint32Array.from(uniform(elements, seed, 0, 1), (value) => Math.floor(value * end));
}

/** An operand uniform in [low, high), each replica's its own. */
export function random(
  shape: readonly number[],
  seed: number,
  { low = -1, high = 1, shared = false, changed = false } = {},
): Operand {
  const elements = shape.reduce((product, extent) => product * extent, 1);
  return {
    shape,
    values: (replica) => uniform(elements, seed + 1000 * replica, low, high),
    shared,
    changed,
  };
}

/** An operand with given values, alike for all replicas unless they are made by replica. */
export function given(
  shape: readonly number[],
  values: Values | ((replica: number) => Values),
  options: { shared?: boolean; changed?: boolean } = {},
): Operand {
  return { shape, values: typeof values === 'function' ? values : () => values, ...options };
}
