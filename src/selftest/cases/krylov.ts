import { reshape } from '../../ops/reshape.ts';
import { tridiagonalTop } from '../../ops/tridiagonalTop.ts';
import { tridiagonalTop as reference } from '../../reference/tridiagonalTop.ts';
import { U } from '../tolerance.ts';
import type { Trial } from '../trial.ts';
import { random } from '../values.ts';

/** The eigenproblem at the end of Lanczos's process. */
export function krylovTrials(): Trial[] {
  return ([1, 2, 3, 8, 16] as const).map((rows, i): Trial => {
    const beside = Array.from({ length: rows - 1 }, (_, k) => `beside ${k}`);
    const diagonal = Array.from({ length: rows }, (_, k) => `diagonal ${k}`);
    const replicas = i % 2 ? 3 : 1;
    return {
      kernel: 'krylov/tridiagonalTop',
      name: `${rows} rows, R = ${replicas}`,
      replicas,
      operands: {
        // A first number that stands out: the vector is as well determined as the value.
        ...Object.fromEntries(
          diagonal.map((name, k) => [name, random([1], 10 + k, k === 0 ? { low: 3, high: 4 } : {})]),
        ),
        ...Object.fromEntries(beside.map((name, k) => [name, random([1], 50 + k)])),
      },
      trace: (tensors) => {
        const scalars = (names: readonly string[]) => names.map((name) => reshape(tensors[name]!, []));
        const { value, vector } = tridiagonalTop(scalars(diagonal), scalars(beside));
        return [value, ...vector];
      },
      expect: (values) => {
        const numbers = (names: readonly string[]) => names.map((name) => values[name]![0]!);
        const { value, vector } = reference(numbers(diagonal), numbers(beside));
        // Rotations keep norms up to a rounding each; the gap to the next value is about 1.
        const tolerance = 64 * rows * U;
        return [value, ...vector].map((number) => ({ values: [number], tolerance }));
      },
    };
  });
}
