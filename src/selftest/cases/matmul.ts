import { add, broadcastRows, matmul, relu, sigmoid, sumRows, tanh } from '../../ops/index.ts';
import { type MatmulShape, matmulCandidates } from '../../ops/plans/matmulPlan.ts';
import { reluBackward } from '../../ops/relu.ts';
import { sigmoidBackward } from '../../ops/sigmoid.ts';
import { tanhBackward } from '../../ops/tanh.ts';
import { binary } from '../../reference/binary.ts';
import { columnSums, type MatmulForm, matmul as matmulReference } from '../../reference/matmul.ts';
import { unary } from '../../reference/unary.ts';
import { productScale, sumTolerance, U } from '../tolerance.ts';
import type { Trial } from '../trial.ts';
import { random } from '../values.ts';

/** The trial of any shape that the planner takes. */
export { shapeTrial as matmulTrial } from './products.ts';

const FORMS = ['NN', 'NT', 'TN'] as const;
const ACTIVATIONS = { relu, tanh, sigmoid } as const;
const BACKWARDS = { relu: reluBackward, tanh: tanhBackward, sigmoid: sigmoidBackward } as const;
type Activation = keyof typeof ACTIVATIONS;
type Fused = { bias: Activation | null } | { mask: Activation } | 'column sums';

/** What an activation or its derivative adds to a product's error: an exponential, a quotient, roundings. */
const EPILOGUE = 16 * U;

interface Product {
  readonly form: MatmulForm;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly replicas: 1 | 3;
  readonly asGpu: boolean;
  readonly fused?: Fused;
}

function shapeOf({ form, m, n, k, fused }: Product): MatmulShape {
  if (fused === undefined) return { form, m, n, k };
  if (fused === 'column sums') return { form, m, n, k, columnSum: true };
  if ('mask' in fused) return { form, m, n, k, mask: fused.mask };
  return { form, m, n, k, bias: true, activation: fused.bias ?? 'none' };
}

function operandsOf({ form, m, n, k }: Product) {
  return {
    a: random(form === 'TN' ? [k, m] : [m, k], 1),
    b: random(form === 'NT' ? [n, k] : [k, n], 2),
  };
}

/** Products of operands uniform in [−1, 1] and what is fused into them. */
function productTrial(product: Product): Trial {
  const { form, m, n, k, replicas, asGpu, fused } = product;
  const operands = operandsOf(product);
  const tolerance = sumTolerance(k, productScale(k));
  const candidates: Trial['candidates'] = (target) => matmulCandidates(shapeOf(product), target);
  const common = { kernel: 'matmul/', replicas, asGpu, candidates };
  const title = `${form} ${m} × ${k} × ${n}, R = ${replicas}`;
  if (fused === undefined) {
    return {
      ...common,
      name: title,
      operands,
      trace: ({ a, b }) => [matmul(form, a!, b!)],
      expect: ({ a, b }) => [{ values: matmulReference(form, a!, b!, { m, n, k }), tolerance }],
    };
  }
  if (fused === 'column sums') {
    return {
      ...common,
      name: `${title}, column sums`,
      operands,
      trace: ({ a, b }) => [matmul('TN', a!, b!), sumRows(a!)],
      expect: ({ a, b }) => [
        { values: matmulReference('TN', a!, b!, { m, n, k }), tolerance },
        { values: columnSums(a!, { k, m }), tolerance: sumTolerance(k, Math.max(1, Math.sqrt(k / 3))) },
      ],
    };
  }
  if ('mask' in fused) {
    const { mask } = fused;
    return {
      ...common,
      name: `${title}, derivative of ${mask}`,
      operands: { ...operands, y: random([m, n], 4) },
      trace: ({ a, b, y }) => [BACKWARDS[mask](matmul(form, a!, b!), y!)],
      expect: ({ a, b, y }) => [
        {
          values: matmulReference(form, a!, b!, { m, n, k }).map((v, i) =>
            binary[`${mask}Backward`]!(v, y![i]!),
          ),
          tolerance: tolerance + EPILOGUE * productScale(k),
        },
      ],
    };
  }
  const { bias: activation } = fused;
  return {
    ...common,
    name: `${title}, bias${activation ? ` and ${activation}` : ''}`,
    operands: { ...operands, bias: random([n], 3) },
    trace: ({ a, b, bias }) => {
      const biased = add(matmul(form, a!, b!), broadcastRows(bias!, m));
      return [activation ? ACTIVATIONS[activation](biased) : biased];
    },
    expect: ({ a, b, bias }) => [
      {
        values: matmulReference(form, a!, b!, { m, n, k }).map((v, i) => {
          const biased = v + bias![i % n]!;
          return activation ? unary[activation]!(biased, 0) : biased;
        }),
        tolerance: tolerance + EPILOGUE,
      },
    ],
  };
}

/** Ragged ends of tiles, products below and above the small ones, extents in fours and not. */
const SHAPES = [
  [1, 1, 1],
  [1, 127, 33],
  [65, 1, 127],
  [33, 65, 127],
  [64, 64, 64],
  [68, 132, 36],
  [132, 124, 68],
  [129, 131, 65],
] as const;

/** Small products in fours: whole tiles, ragged ends of them, one four of rows. */
const SMALL_FOURS = [
  [8, 64, 20],
  [12, 20, 36],
  [4, 132, 8],
] as const;

/** On a GPU each tile size has shapes of its own: more outputs, larger tiles; the last two in fours. */
const GPU_SHAPES = [
  [33, 65, 127],
  [257, 258, 5],
  [513, 515, 5],
  [260, 256, 12],
  [1028, 1032, 4],
] as const;

export function matmulTrials(): Trial[] {
  return FORMS.flatMap((form) => {
    const product = (
      [m, n, k]: readonly [number, number, number],
      fused?: Product['fused'],
      replicas: 1 | 3 = 1,
      asGpu = false,
    ): Trial => productTrial({ form, m, n, k, replicas, asGpu, fused });
    const small = [33, 65, 17] as const;
    const large = [132, 124, 68] as const;
    const ragged = [129, 131, 65] as const;
    const fours = [260, 256, 12] as const;
    const every = (...[shape, fused, replicas]: Parameters<typeof product>): Trial => ({
      ...product(shape, fused, replicas),
      everyVariant: true,
    });
    return [
      ...SHAPES.map((shape) => product(shape)),
      every([36, 68, 33], undefined, 3),
      every(large, undefined, 3),
      ...(['relu', 'tanh', 'sigmoid'] as const).flatMap((activation) => [
        product(small, { bias: activation }),
        product(small, { mask: activation }, 3),
      ]),
      product(small, { bias: null }, 3),
      every(large, { bias: 'relu' }),
      product(ragged, { bias: 'relu' }),
      ...([large, ragged] as const).flatMap((shape) => [
        product(shape, { bias: 'tanh' }),
        product(shape, { bias: 'sigmoid' }, 3),
        product(shape, { mask: 'relu' }, 3),
        product(shape, { mask: 'tanh' }),
        product(shape, { mask: 'sigmoid' }),
      ]),
      ...SMALL_FOURS.flatMap((shape) => [
        product(shape, { bias: 'relu' }, 3),
        product(shape, { bias: 'tanh' }),
        product(shape, { mask: 'relu' }, 3),
        product(shape, { mask: 'sigmoid' }),
      ]),
      ...GPU_SHAPES.map((shape) => product(shape, undefined, 1, true)),
      product(fours, { bias: 'relu' }, 3, true),
      product(fours, { mask: 'tanh' }, 1, true),
      ...(form === 'TN'
        ? [
            product([1, 33, 65], 'column sums'),
            product([127, 65, 33], 'column sums', 3),
            every([132, 196, 64], 'column sums', 3),
            every([20, 36, 7], 'column sums', 3),
            product([4, 36, 8], 'column sums'),
            product(ragged, 'column sums'),
            product(small, 'column sums', 1, true),
            product(fours, 'column sums', 1, true),
          ]
        : []),
    ];
  });
}
