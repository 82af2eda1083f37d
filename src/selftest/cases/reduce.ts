import { dot, maxAndIndex, normSq, pick, spread, sum, varianceAndMean } from '../../ops/index.ts';
import type { KernelTarget } from '../../ops/op.ts';
import { type SumShape, type SumTerms, sumCandidates } from '../../ops/plans/sumPlan.ts';
import { max as maxReference } from '../../reference/max.ts';
import { pick as pickReference, spread as spreadReference } from '../../reference/pick.ts';
import { sum as sumReference } from '../../reference/sum.ts';
import { variance as varianceReference } from '../../reference/variance.ts';
import { productScale, sumTolerance, U } from '../tolerance.ts';
import { shapeName, type Trial } from '../trial.ts';
import { given, integers, random, uniform } from '../values.ts';

/** [outer, reduced, inner]: ragged ends, whole chunks, rows in fours, and lengths of two and three passes. */
const SHAPES = [
  [1, 1, 1],
  [33, 65, 1],
  [1, 127, 33],
  [65, 33, 127],
  [1, 256, 1],
  [3, 257, 5],
  [65, 784, 1],
  [2, 3072, 1],
  [1, 4097, 1],
  [1, 101_770, 1],
] as const;

/** The middle one of three axes, unless the shape has but that. */
const MIDDLE = { from: 1, to: 2 };

const both = (trials: readonly Trial[]): Trial[] =>
  trials.flatMap((trial) => [trial, { ...trial, asGpu: true }]);

/** Each shape alone and, while it is small, for three replicas. */
function each(make: (shape: readonly [number, number, number], replicas: 1 | 3) => Trial[]): Trial[] {
  return SHAPES.flatMap((shape) =>
    (shape[0] * shape[1] * shape[2] > 60_000 ? [1 as const] : [1 as const, 3 as const]).flatMap((replicas) =>
      make(shape, replicas),
    ),
  );
}

/** Shapes that every variant runs: rows in fours and others, columns, and sums in several passes. */
const VARIED = new Set(['1 × 127 × 33', '3 × 257 × 5', '65 × 784 × 1', '2 × 3072 × 1', '1 × 4097 × 1']);

/** Sums along an axis and to a scalar, products and squares; operands are uniform in [−1, 1]. */
function sumTrials(): Trial[] {
  const sums = each(([outer, reduced, inner], replicas) => [
    {
      ...sumTrial({ outer, reduced, inner }, { replicas }),
      everyVariant: replicas === 1 && VARIED.has(`${outer} × ${reduced} × ${inner}`),
    },
  ]);
  const products = [1, 33, 65, 127, 256, 2050].flatMap((elements) =>
    ([1, 3] as const).flatMap((replicas): Trial[] =>
      (['product', 'square'] as const).map((terms) =>
        sumTrial({ outer: 1, reduced: elements, inner: 1 }, { replicas, terms }),
      ),
    ),
  );
  return [...sums, ...products];
}

/** A sum over the middle axis; products and squares are those of a whole vector. */
export function sumTrial(
  shape: SumShape,
  { terms = 'plain', replicas = 1 }: { terms?: SumTerms['terms']; replicas?: 1 | 3 } = {},
): Trial {
  const { outer, reduced, inner } = shape;
  const common = {
    kernel: 'reduce/sum',
    replicas,
    candidates: (target: KernelTarget) => sumCandidates(shape, target, { terms }),
  };
  if (terms === 'product') {
    return {
      ...common,
      name: `dot ${shapeName([reduced], replicas)}`,
      operands: { x: random([reduced], 1), w: random([reduced], 2) },
      trace: ({ x, w }) => [dot(x!, w!)],
      expect: ({ x, w }) => [
        { values: sumReference(x!, shape, w), tolerance: sumTolerance(reduced, productScale(reduced)) },
      ],
    };
  }
  if (terms === 'square') {
    return {
      ...common,
      name: `norm² ${shapeName([reduced], replicas)}`,
      operands: { x: random([reduced], 3) },
      trace: ({ x }) => [normSq(x!)],
      expect: ({ x }) => [
        {
          values: sumReference(x!, shape, x),
          tolerance: sumTolerance(reduced, Math.max(1, reduced / 3)),
        },
      ],
    };
  }
  return {
    ...common,
    name: shapeName([outer, reduced, inner], replicas),
    operands: { x: random([outer, reduced, inner], reduced) },
    trace: ({ x }) => [sum(x!, MIDDLE)],
    expect: ({ x }) => [
      {
        values: sumReference(x!, shape),
        tolerance: sumTolerance(reduced, Math.max(1, Math.sqrt(reduced / 3))),
      },
    ],
  };
}

/** Near 0.1, where the roundings of a plain sum have one sign for long; the sum must be right to its own rounding. */
function compensatedTrials(): Trial[] {
  return [1, 33, 127, 4097, 101_770].map((elements): Trial => {
    const replicas = elements < 1000 ? 3 : 1;
    return {
      kernel: 'reduce/sumCompensated',
      name: shapeName([elements], replicas),
      replicas,
      operands: { x: random([elements], 5, { low: 0.0999, high: 0.1001 }) },
      trace: ({ x }) => [sum(x!, undefined, { compensated: true })],
      expect: ({ x }) => {
        const values = sumReference(x!, { outer: 1, reduced: elements, inner: 1 });
        // One rounding of the result, and those of the errors' sum, each U of an error of U·sum.
        return [{ values, tolerance: 1.01 * U * values[0]! }];
      },
    };
  });
}

/** Few levels, so that the largest are often equal, and now and then a NaN or an infinity. */
function levels(elements: number, seed: number): Float32Array {
  const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
  return Float32Array.from(integers(elements, seed, 1000), (v) => special[v] ?? (v % 97) - 48);
}

function maxTrials(): Trial[] {
  return each(([outer, reduced, inner], replicas) => {
    const shape = [outer, reduced, inner];
    const common = { kernel: 'reduce/max', replicas } as const;
    const trace: Trial['trace'] = ({ x }) => maxAndIndex(x!, MIDDLE);
    const expect: Trial['expect'] = ({ x }) => {
      const { values, index } = maxReference(x!, { outer, reduced, inner });
      return [
        { values, tolerance: 0 },
        { values: index, tolerance: 0 },
      ];
    };
    return [
      {
        ...common,
        name: shapeName(shape, replicas),
        operands: { x: random(shape, reduced) },
        trace,
        expect,
      },
      {
        ...common,
        name: `equal, NaN, infinite ${shapeName(shape, replicas)}`,
        operands: { x: given(shape, (replica) => levels(outer * reduced * inner, 20 + replica)) },
        trace,
        expect,
      },
    ];
  });
}

/** Deviations about a mean far larger than they are: what E[x²] − E[x]² cannot tell from rounding. */
const MEANS = [0, 1e4] as const;

function varianceTrials(): Trial[] {
  return each(([outer, reduced, inner], replicas) =>
    MEANS.flatMap((about): Trial[] => {
      const shape = [outer, reduced, inner];
      const unbiased = about === 0 && reduced > 1;
      return [
        {
          kernel: 'reduce/variance',
          name: `${unbiased ? 'unbiased' : 'biased'} about ${about}, ${shapeName(shape, replicas)}`,
          replicas,
          operands: {
            x: given(shape, (replica) =>
              uniform(outer * reduced * inner, reduced + 1000 * replica).map((v) => v + about),
            ),
          },
          trace: ({ x }) => varianceAndMean(x!, MIDDLE, { unbiased }),
          expect: ({ x }) => {
            const expected = varianceReference(x!, { outer, reduced, inner }, unbiased ? 1 : 0);
            // The differences from the first element are exact or round once; squares of numbers up to 2, each with a few
            // roundings, summed in groups and merged: a tolerance on the scale of the variance, not of the mean.
            const tolerance = sumTolerance(Math.max(1, reduced / 8), 4) + 16 * U;
            return [
              { values: expected.variance, tolerance },
              { values: expected.mean, tolerance: tolerance + U * about },
            ];
          },
        },
      ];
    }),
  );
}

function pickTrials(): Trial[] {
  return (
    [
      [1, 33, 1],
      [65, 127, 1],
      [33, 3, 65],
      [1, 65, 127],
    ] as const
  ).flatMap(([outer, extent, inner], i): Trial[] => {
    const replicas = i % 2 ? 1 : 3;
    const index = given([outer, inner], (replica) => integers(outer * inner, 7 + replica, extent));
    const name = shapeName([outer, extent, inner], replicas);
    return [
      {
        kernel: 'reduce/pick',
        name,
        replicas,
        operands: { x: random([outer, extent, inner], 1), index },
        trace: ({ x, index }) => [pick(x!, index!, MIDDLE)],
        expect: ({ x, index }) => [
          { values: pickReference(x!, index!, { outer, extent, inner }), tolerance: 0 },
        ],
      },
      {
        kernel: 'reduce/spread',
        name,
        replicas,
        operands: { d: random([outer, inner], 2), index },
        trace: ({ d, index }) => [spread(d!, index!, [outer, extent, inner], MIDDLE)],
        expect: ({ d, index }) => [
          { values: spreadReference(d!, index!, { outer, extent, inner }), tolerance: 0 },
        ],
      },
    ];
  });
}

/** Every reduction as it is planned for this adapter and as it is for a GPU. */
export function reduceTrials(): Trial[] {
  return [
    ...both([...sumTrials(), ...compensatedTrials(), ...maxTrials(), ...varianceTrials()]),
    ...pickTrials(),
  ];
}
