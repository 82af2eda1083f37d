import { matmulHalf, toHalf } from '../../ops/index.ts';
import { halfCandidates } from '../../ops/plans/halfPlan.ts';
import type { MatmulShape } from '../../ops/plans/matmulPlan.ts';
import { tiledCandidates } from '../../ops/plans/tiledPlan.ts';
import { halfBits, halfValue } from '../../reference/half.ts';
import { matmul } from '../../reference/matmul.ts';
import { productScale, sumTolerance } from '../tolerance.ts';
import { shapeName, type Trial, type Values } from '../trial.ts';
import { given, random, uniform } from '../values.ts';

/** Where rounding to float16 changes its ways: ties, carries into the next power, subnormals, the largest, and beyond. */
const EDGES = [
  ...[0, -0, 1, -1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -11 + 2 ** -23, 2 - 2 ** -11, 2 - 2 ** -12],
  ...[65504, 65519.9, 65520, -65520, 1e30, Infinity, -Infinity, Number.NaN],
  ...[2 ** -14, 2 ** -14 - 2 ** -26, 2 ** -15, 2 ** -24, 1.5 * 2 ** -24, 2.5 * 2 ** -24, 2 ** -25, 2 ** -26],
  ...[2 ** -25 + 2 ** -40, 1023.5 * 2 ** -24, 1e-40],
];

const KERNELS = ['matmul/matmulHalf', 'matmul/matmulTiledHalf', 'matmul/matmulTiledF16'];

/** The words of a matrix in float16. */
function packed(x: Values, rows: number, columns: number): Uint32Array {
  const words = 2 * Math.ceil(columns / 4);
  const half = (row: number, column: number): number =>
    column < columns ? halfBits(x[row * columns + column]!) : 0;
  return Uint32Array.from({ length: rows * words }, (_, i) => {
    const [row, column] = [Math.floor(i / words), 2 * (i % words)];
    return (half(row, column) | (half(row, column + 1) << 16)) >>> 0;
  });
}

function packTrial(rows: number, columns: number, values: (replica: number) => Float32Array): Trial {
  return {
    kernel: 'structure/packHalf',
    name: shapeName([rows, columns], 3),
    replicas: 3,
    operands: { x: given([rows, columns], values) },
    trace: ({ x }) => [toHalf(x!).words],
    expect: ({ x }) => [{ values: packed(x!, rows, columns), tolerance: 0 }],
  };
}

/** Products are of exactly the halves that are stored: what is allowed is float32's. */
function productTrial(shape: MatmulShape, options: Partial<Trial> = {}): Trial {
  const { form, m, n, k } = shape;
  const { replicas = 1, variant } = options;
  const stored = (values: Values): Float64Array => Float64Array.from(values, (v) => halfValue(halfBits(v)));
  const title = `${form} ${m} × ${k} × ${n}, R = ${replicas}`;
  return {
    kernel: KERNELS,
    name: variant === undefined ? title : `${title}, ${variant}`,
    candidates: (target) => halfCandidates(shape, target),
    operands: {
      a: random(form === 'TN' ? [k, m] : [m, k], 1),
      b: random(form === 'NT' ? [n, k] : [k, n], 2),
    },
    trace: ({ a, b }) => [matmulHalf(form, toHalf(a!), toHalf(b!))],
    expect: ({ a, b }) => [
      {
        values: matmul(form, stored(a!), stored(b!), { m, n, k }),
        tolerance: sumTolerance(k, productScale(k)),
      },
    ],
    replicas,
    ...options,
  };
}

export function halfTrials(): Trial[] {
  const sizes = (shape: MatmulShape): string[] => tiledCandidates(shape).map(({ name }) => name);
  return [
    packTrial(1, EDGES.length, () => Float32Array.from(EDGES)),
    packTrial(33, 5, (replica) => uniform(165, 3 + replica, -4, 4)),
    packTrial(7, 65, (replica) => uniform(455, 5 + replica, -1e-4, 1e-4)),
    ...(['NN', 'NT', 'TN'] as const).flatMap((form) => [
      productTrial({ form, m: 1, n: 1, k: 1 }),
      productTrial({ form, m: 33, n: 65, k: 127 }, { replicas: 3 }),
      productTrial({ form, m: 33, n: 35, k: 17 }, { asGpu: true }),
      // By default in workgroup tiles: as halves where there is shader-f16, from words elsewhere.
      productTrial({ form, m: 259, n: 254, k: 37 }, { asGpu: true, replicas: 3 }),
      productTrial({ form, m: 37, n: 67, k: 35 }, { asGpu: true, variant: 'halves tiled 64×64×16' }),
    ]),
    ...sizes({ form: 'NT', m: 68, n: 132, k: 36 }).map((name) =>
      productTrial({ form: 'NT', m: 68, n: 132, k: 36 }, { asGpu: true, variant: `halves ${name}` }),
    ),
  ];
}
