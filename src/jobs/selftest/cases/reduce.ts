import { dot, normSq, sum } from '../../../ops/index.ts';
import { sum as sumReference } from '../../../reference/sum.ts';
import { productScale, sumTolerance } from '../tolerance.ts';
import { shapeName, type Trial } from '../trial.ts';
import { random } from '../values.ts';

/** [outer, reduced, inner]: ragged ends, whole chunks, and lengths of two and three passes. */
const SHAPES = [
  [1, 1, 1],
  [33, 65, 1],
  [1, 127, 33],
  [65, 33, 127],
  [1, 256, 1],
  [3, 257, 5],
  [1, 4097, 1],
  [1, 101_770, 1],
] as const;

/** Sums along an axis and to a scalar, products and squares; operands are uniform in [−1, 1]. */
export function reduceTrials(): Trial[] {
  const sums = SHAPES.flatMap(([outer, reduced, inner]) =>
    ([1, 3] as const).map(
      (replicas): Trial => ({
        kernel: 'reduce/sum',
        name: shapeName([outer, reduced, inner], replicas),
        replicas,
        operands: { x: random([outer, reduced, inner], reduced) },
        trace: ({ x }) => [sum(x!, { from: 1, to: 2 })],
        expect: ({ x }) => [
          {
            values: sumReference(x!, { outer, reduced, inner }),
            tolerance: sumTolerance(reduced, Math.max(1, Math.sqrt(reduced / 3))),
          },
        ],
      }),
    ),
  );
  const products = [1, 33, 65, 127, 256].flatMap((elements) =>
    ([1, 3] as const).flatMap((replicas): Trial[] => [
      {
        kernel: 'reduce/sum',
        name: `dot ${shapeName([elements], replicas)}`,
        replicas,
        operands: { x: random([elements], 1), w: random([elements], 2) },
        trace: ({ x, w }) => [dot(x!, w!)],
        expect: ({ x, w }) => [
          {
            values: sumReference(x!, { outer: 1, reduced: elements, inner: 1 }, w),
            tolerance: sumTolerance(elements, productScale(elements)),
          },
        ],
      },
      {
        kernel: 'reduce/sum',
        name: `norm² ${shapeName([elements], replicas)}`,
        replicas,
        operands: { x: random([elements], 3) },
        trace: ({ x }) => [normSq(x!)],
        expect: ({ x }) => [
          {
            values: sumReference(x!, { outer: 1, reduced: elements, inner: 1 }, x),
            tolerance: sumTolerance(elements, Math.max(1, elements / 3)),
          },
        ],
      },
    ]),
  );
  return [...sums, ...products];
}
