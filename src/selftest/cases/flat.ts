import { axpy, combine, dots, flatLayout, pack, scale, scaleBy } from '../../ops/index.ts';
import { combine as combineReference, dots as dotsReference } from '../../reference/combine.ts';
import { pack as packReference } from '../../reference/pack.ts';
import { productScale, sumTolerance, U } from '../tolerance.ts';
import { shapeName, type Trial } from '../trial.ts';
import { random } from '../values.ts';

/** [k, P]: one vector, rows past a group of four, one and several chunks. */
const SHAPES = [
  [1, 4],
  [1, 64],
  [3, 132],
  [5, 4160],
  [33, 260],
  [4, 40_000],
] as const;
const FACTOR = -0.75;

/** Kernels over flat vectors [k, P]; operands are uniform in [−1, 1]. */
export function flatTrials(shapes: readonly (readonly [number, number])[] = SHAPES): Trial[] {
  return shapes.flatMap(([k, length]) =>
    (k * length > 20_000 ? [1 as const] : [1 as const, 3 as const]).flatMap((replicas): Trial[] => {
      const name = shapeName([k, length], replicas);
      const V = random([k, length], 1);
      const c = random([k], 2);
      const vector = random([length], 3);
      const tolerance = sumTolerance(k, productScale(k)) + 4 * U;
      const dotTrial: Trial = {
        kernel: 'flat/dots',
        name,
        replicas,
        operands: { V, w: vector },
        trace: ({ V, w }) => [dots(V!, w!)],
        expect: ({ V, w }) => [
          { values: dotsReference(V!, w!), tolerance: sumTolerance(length, productScale(length)) },
        ],
      };
      const combineTrials: Trial[] = [
        {
          kernel: 'flat/combine',
          name,
          replicas,
          operands: { V, c, x: vector },
          trace: ({ V, c, x }) => [combine(x!, V!, c!, FACTOR)],
          expect: ({ V, c, x }) => [{ values: combineReference(x!, V!, c!, FACTOR), tolerance }],
        },
        {
          kernel: 'flat/combine',
          name: `axpy and scale ${shapeName([length], replicas)}`,
          replicas,
          operands: { v: random([length], 4), alpha: random([], 2), x: vector },
          trace: ({ v, alpha, x }) => [axpy(alpha!, v!, x!, FACTOR), scaleBy(alpha!, v!, FACTOR)],
          expect: ({ v, alpha, x }) => [
            { values: combineReference(x!, v!, alpha!, FACTOR), tolerance: 4 * U },
            { values: combineReference(null, v!, alpha!, FACTOR), tolerance: 4 * U },
          ],
        },
      ];
      return [
        dotTrial,
        { ...dotTrial, asGpu: true },
        ...(k === 1 ? combineTrials : combineTrials.slice(0, 1)),
        { ...combineTrials[0]!, asGpu: true },
      ];
    }),
  );
}

/** Zeros between the tensors of a flat vector in memory that holds something else: several gaps, and one that is a whole row. */
export function gapTrials(): Trial[] {
  return ([1, 3] as const).map((replicas) => {
    const shapes = [[5, 13], [64], [1], [127]];
    const layout = flatLayout(shapes.map((shape, i) => ({ name: `${i}`, shape })));
    return {
      kernel: 'flat/zeroGaps',
      name: shapeName([layout.length], replicas),
      replicas,
      operands: Object.fromEntries(shapes.map((shape, i) => [`x${i}`, random(shape, i)])),
      trace: (tensors) => [
        pack(
          layout,
          Object.values(tensors).map((x) => scale(x, 2)),
        ),
      ],
      expect: (values) => {
        const doubled = Object.values(values).map((x) => Float64Array.from(x, (value) => 2 * value));
        const offsets = layout.entries.map(({ offset }) => offset);
        return [{ values: packReference(doubled, offsets, layout.length), tolerance: 0 }];
      },
    };
  });
}
