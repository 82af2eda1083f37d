import { lanczosStep } from '../../ops/lanczosStep.ts';
import { reshape } from '../../ops/reshape.ts';
import { tridiagonalTop } from '../../ops/tridiagonalTop.ts';
import { lanczosStep as lanczosStepReference } from '../../reference/lanczosStep.ts';
import { tridiagonalTop as reference } from '../../reference/tridiagonalTop.ts';
import { U } from '../tolerance.ts';
import { shapeName, type Trial } from '../trial.ts';
import { random } from '../values.ts';

/** Lanczos's process of a few steps: its recurrence, and the eigenproblem at its end. */
export function krylovTrials(): Trial[] {
  return [...stepTrials(), ...topTrials()];
}

/** One vector of four, one workgroup and a part of another, several, and what is past the last thread's. */
function stepTrials(): Trial[] {
  return [4, 132, 260, 4160].flatMap((length, i) =>
    [false, true].map((isFirst): Trial => {
      const replicas = i % 2 ? 3 : 1;
      const positive = { low: 0.5, high: 2 };
      return {
        kernel: 'krylov/lanczosStep',
        name: `${isFirst ? 'first, ' : ''}${shapeName([length], replicas)}`,
        replicas,
        operands: {
          y: random([length], 1),
          p: random([length], 2),
          q: random([length], 3),
          f: random([1], 4),
          s: random([1], 5, positive),
          t: random([1], 6, positive),
        },
        trace: ({ y, p, q, f, s, t }) => {
          const number = (tensor: typeof f) => reshape(tensor!, []);
          const before = isFirst ? null : { vector: q!, square: number(t) };
          return [lanczosStep(y!, number(f), { vector: p!, square: number(s) }, before)];
        },
        expect: ({ y, p, q, f, s, t }) => {
          const numbers = { f: f![0]!, s: s![0]!, t: t![0]! };
          const values = lanczosStepReference({ y: y!, p: p!, q: isFirst ? undefined : q! }, numbers);
          // Terms of at most 3/√½ and 2: six roundings, and square roots and quotients of a few units each.
          return [{ values, tolerance: 64 * U }];
        },
      };
    }),
  );
}

function topTrials(): Trial[] {
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
