import { signStep } from '../../ops/signStep.ts';
import { signStep as reference } from '../../reference/signStep.ts';
import { U } from '../tolerance.ts';
import { EDGES, shapeName, type Trial } from '../trial.ts';
import { given, random } from '../values.ts';

const SHARE = 0.2;

/** Slopes of either sign, none, and what is no number. */
const slopes = (elements: number): Float32Array =>
  Float32Array.from(
    { length: elements },
    (_, e) => [1e-30, -2, 0, Number.NaN, 3, Number.NEGATIVE_INFINITY][e % 6]!,
  );

/** Steps of projected sign ascent, from inside the box, from its faces, and from outside. */
export function ascentTrials(): Trial[] {
  return EDGES.map((elements, i) => {
    const replicas = i % 2 ? 3 : 1;
    return {
      kernel: 'flat/signStep',
      name: shapeName([elements], replicas),
      replicas,
      operands: {
        x: random([elements], 1),
        g: given([elements], slopes(elements), { shared: true }),
        r: random([elements], 2, { low: 0 }),
      },
      trace: ({ x, g, r }) => [signStep(x!, g!, r!, SHARE)],
      expect: ({ x, r }) => [
        // A product and a sum of numbers of at most 1.2.
        { values: reference({ x: x!, g: slopes(elements), r: r! }, SHARE), tolerance: 4 * U },
      ],
    };
  });
}
