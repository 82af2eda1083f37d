import { denseNorms } from '../../ops/index.ts';
import { groupGram } from '../../ops/perExample/groupGram.ts';
import { denseNorms as normsReference } from '../../reference/denseNorms.ts';
import { groupGram as gramReference } from '../../reference/groupGram.ts';
import { sumTolerance, U } from '../tolerance.ts';
import { shapeName, type Trial } from '../trial.ts';
import { random } from '../values.ts';

/** Squares do not cancel: a sum's scale is its value. */
export function perExampleTrials(): Trial[] {
  const norms = (
    [
      [1, 1, 1, 1],
      [33, 65, 127, 1],
      [65, 127, 33, 3],
      [127, 33, 65, 1],
      [5, 784, 10, 3],
    ] as const
  ).map(
    ([rows, inputs, outputs, replicas]): Trial => ({
      kernel: 'perExample/denseNorms',
      name: shapeName([rows, inputs, outputs], replicas),
      replicas,
      operands: { x: random([rows, inputs], 1), delta: random([rows, outputs], 2) },
      trace: ({ x, delta }) => denseNorms(x!, delta!),
      expect: ({ x, delta }) => {
        const { weight, bias } = normsReference(x!, delta!, { rows, inputs, outputs });
        return [
          {
            values: weight,
            tolerance: weight.map((v) => sumTolerance(inputs, v) + sumTolerance(outputs, v) + U * v),
          },
          { values: bias, tolerance: bias.map((v) => sumTolerance(outputs, v)) },
        ];
      },
    }),
  );
  const grams = (
    [
      [1, 1, 1, 1],
      [3, 5, 33, 1],
      [2, 11, 127, 3],
      [65, 2, 65, 1],
      [1, 33, 784, 3],
    ] as const
  ).map(
    ([groups, size, features, replicas]): Trial => ({
      kernel: 'perExample/groupGram',
      name: shapeName([groups, size, features], replicas),
      replicas,
      operands: { x: random([groups * size, features], 1) },
      trace: ({ x }) => [groupGram(x!, size)],
      expect: ({ x }) => [
        {
          values: gramReference(x!, { groups, size, features }),
          tolerance: sumTolerance(features, Math.max(1, features / 3)),
        },
      ],
    }),
  );
  return [...norms, ...grams];
}
