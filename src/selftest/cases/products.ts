import {
  add,
  batchedMatmul,
  broadcastRows,
  matmul,
  relu,
  sigmoid,
  sumRows,
  type Tensor,
  tanh,
} from '../../ops/index.ts';
import { type Activation, type MatmulShape, matmulCandidates } from '../../ops/plans/matmulPlan.ts';
import { matvecCandidates } from '../../ops/plans/matvecPlan.ts';
import type { Batch } from '../../ops/plans/productShape.ts';
import { tiledCandidates } from '../../ops/plans/tiledPlan.ts';
import { reluBackward } from '../../ops/relu.ts';
import { sigmoidBackward } from '../../ops/sigmoid.ts';
import { tanhBackward } from '../../ops/tanh.ts';
import { binary } from '../../reference/binary.ts';
import { columnSums, matmul as matmulReference } from '../../reference/matmul.ts';
import { unary } from '../../reference/unary.ts';
import { productScale, sumTolerance, U } from '../tolerance.ts';
import type { Operand, Trial, Values } from '../trial.ts';
import { random } from '../values.ts';

const FORMS = ['NN', 'NT', 'TN'] as const;
const ACTIVATIONS = { none: (x: Tensor) => x, relu, tanh, sigmoid } as const;
const BACKWARDS = {
  none: (d: Tensor) => d,
  relu: reluBackward,
  tanh: tanhBackward,
  sigmoid: sigmoidBackward,
} as const;

/** What an activation or its derivative adds to a product's error: an exponential, a quotient, roundings. */
const EPILOGUE = 16 * U;

interface Options {
  readonly replicas?: 1 | 3;
  readonly asGpu?: boolean;
  readonly variant?: string;
}

/** A trial of a planner's shape with whatever is fused into it, operands uniform in [−1, 1]. */
export function shapeTrial(
  shape: MatmulShape,
  { replicas = 1, asGpu = false, variant }: Options = {},
): Trial {
  const { form, m, n, k, k2, batch, columnSum } = shape;
  const { bias = false, addend = false, activation = 'none', mask = 'none' } = shape;
  const terms = k + (k2 ?? 0) + (bias ? 1 : 0) + (addend ? 1 : 0);
  const tolerance =
    sumTolerance(terms, productScale(terms)) +
    (activation === 'none' && mask === 'none' ? 0 : EPILOGUE * productScale(terms));
  const matrix = (rows: number, columns: number, transposed: boolean): [number, number] =>
    transposed ? [columns, rows] : [rows, columns];
  const leading = (strides: readonly [number, number] | undefined): number[] =>
    batch ? [strides![0] ? batch.outer : 1, strides![1] ? batch.inner : 1] : [];
  const operands: Record<string, Operand> = {
    a: random([...leading(batch?.a), ...matrix(m, k, form === 'TN')], 1),
    b: random([...leading(batch?.b), ...matrix(k, n, form === 'NT')], 2),
    ...(k2 === undefined
      ? {}
      : { a2: random(matrix(m, k2, form === 'TN'), 5), b2: random(matrix(k2, n, form === 'NT'), 6) }),
    ...(bias ? { bias: random([n], 3) } : {}),
    ...(addend ? { addend: random([m, n], 7) } : {}),
    ...(mask === 'none' ? {} : { y: random([m, n], 4) }),
  };
  return {
    kernel: 'matmul/',
    name: shapeTitle(shape, replicas, variant),
    replicas,
    asGpu,
    variant,
    candidates: (target) => matmulCandidates(shape, target),
    operands,
    trace: (t) => {
      if (batch) return [batchedMatmul(form, t.a!, t.b!)];
      let z = matmul(form, t.a!, t.b!);
      if (t.a2 && t.b2) z = add(z, matmul(form, t.a2, t.b2));
      if (t.bias) z = add(z, broadcastRows(t.bias, m));
      if (t.addend) z = add(z, t.addend);
      z = ACTIVATIONS[activation](z);
      if (mask !== 'none') z = BACKWARDS[mask](z, t.y!);
      return columnSum ? [z, sumRows(t.a!)] : [z];
    },
    expect: (v) => {
      if (batch) return [{ values: batchReference(shape, batch, v.a!, v.b!), tolerance }];
      const product = matmulReference(form, v.a!, v.b!, { m, n, k });
      const second = k2 === undefined ? null : matmulReference(form, v.a2!, v.b2!, { m, n, k: k2 });
      const values = product.map((p, i) =>
        finished(
          p + (second?.[i] ?? 0) + (v.bias?.[i % n] ?? 0) + (v.addend?.[i] ?? 0),
          v.y?.[i],
          activation,
          mask,
        ),
      );
      if (!columnSum) return [{ values, tolerance }];
      const sums = columnSums(v.a!, { k, m });
      return [
        { values, tolerance },
        { values: sums, tolerance: sumTolerance(k, Math.max(1, Math.sqrt(k / 3))) },
      ];
    },
  };
}

function finished(z: number, y: number | undefined, activation: Activation, mask: Activation): number {
  const active = activation === 'none' ? z : unary[activation]!(z, 0);
  return mask === 'none' ? active : binary[`${mask}Backward`]!(active, y!);
}

function batchReference({ form, m, n, k }: MatmulShape, batch: Batch, a: Values, b: Values): Float64Array {
  const all = new Float64Array(batch.outer * batch.inner * m * n);
  for (let o = 0; o < batch.outer; o++) {
    for (let i = 0; i < batch.inner; i++) {
      const at = (strides: readonly [number, number]): number => o * strides[0] + i * strides[1];
      const one = matmulReference(form, a.subarray(at(batch.a)), b.subarray(at(batch.b)), { m, n, k });
      all.set(one, (o * batch.inner + i) * m * n);
    }
  }
  return all;
}

function shapeTitle(shape: MatmulShape, replicas: number, variant: string | undefined): string {
  const { form, m, n, k, k2, batch, bias, addend, activation = 'none', mask = 'none', columnSum } = shape;
  const fused = [
    k2 === undefined ? [] : [`a second product of ${k2} k`],
    bias ? ['bias'] : [],
    addend ? ['addend'] : [],
    activation === 'none' ? [] : [activation],
    mask === 'none' ? [] : [`derivative of ${mask}`],
    columnSum ? ['column sums'] : [],
    batch ? [`batch ${batch.outer} × ${batch.inner}, a by ${batch.a}, b by ${batch.b}`] : [],
    variant === undefined ? [] : [variant],
  ].flat();
  return [`${form} ${m} × ${k} × ${n}, R = ${replicas}`, ...fused].join(', ');
}

const tileNames = (shape: MatmulShape): string[] => tiledCandidates(shape).map(({ name }) => name);

/** Workgroup tiles: every size in fours in every form, in other shapes every size once; what is fused in one size. */
function tiledTrials(): Trial[] {
  const gpu = { asGpu: true };
  const fours = { m: 68, n: 132, k: 36 };
  const ragged = { m: 69, n: 67, k: 35 };
  const one = { ...gpu, variant: 'tiled 64×64×16' };
  const small = { ...gpu, variant: 'tiled 32×32×16' };
  const slices = (count: 4 | 8 | 16): Options => ({
    ...gpu,
    variant: `tiled ${{ 4: '32×32×64', 8: '32×16×64', 16: '16×16×64' }[count]} in ${count}`,
  });
  return [
    ...FORMS.flatMap((form) => [
      ...tileNames({ form, ...fours }).map((variant) => shapeTrial({ form, ...fours }, { ...gpu, variant })),
      shapeTrial({ form, ...fours, bias: true, addend: true, activation: 'tanh' }, { ...one, replicas: 3 }),
      // Chosen by default: one dispatch with tiles enough to stage.
      shapeTrial({ form, m: 260, n: 256, k: 36, mask: 'relu' }, { ...gpu, replicas: 3 }),
    ]),
    ...tileNames({ form: 'NN', ...ragged }).map((variant) =>
      shapeTrial({ form: 'NN', ...ragged }, { ...gpu, variant }),
    ),
    shapeTrial({ form: 'NT', ...ragged, bias: true, activation: 'sigmoid' }, { ...small, replicas: 3 }),
    shapeTrial({ form: 'TN', ...ragged, addend: true, mask: 'tanh' }, one),
    shapeTrial({ form: 'TN', ...fours, columnSum: true }, { ...one, replicas: 3 }),
    shapeTrial({ form: 'TN', ...ragged, columnSum: true }, { ...small, replicas: 3 }),
    // Slices of k: column sums and a second product over several tiles, and ends of k in every slice.
    shapeTrial({ form: 'TN', m: 35, n: 20, k: 131, columnSum: true }, { ...slices(4), replicas: 3 }),
    shapeTrial({ form: 'TN', m: 36, n: 20, k: 132, columnSum: true }, slices(16)),
    shapeTrial({ form: 'NN', m: 33, n: 17, k: 65, k2: 130, bias: true }, { ...slices(8), replicas: 3 }),
    // A second product of another number of tiles.
    shapeTrial({ form: 'NT', m: 68, n: 72, k: 48, k2: 20, addend: true }, one),
  ];
}

/** Tiles of 128 × 128 with each form's ends of rows, columns and k, and what is fused into them. */
function largeTrials(): Trial[] {
  const shape = { m: 132, n: 196, k: 36 };
  return FORMS.flatMap((form) =>
    [16, 8].flatMap((k) => {
      const options: Options = { asGpu: true, variant: `large 128×128×${k}` };
      return [
        shapeTrial({ form, ...shape }, { ...options, replicas: 3 }),
        shapeTrial({ form, ...shape, k: 48, bias: true, addend: true, activation: 'tanh' }, options),
      ];
    }),
  );
}

/** Vectors: one row or one column, each number of lanes, ends of lanes and workgroups. */
function vectorTrials(): Trial[] {
  return FORMS.flatMap((form) => {
    const column: MatmulShape = { form, m: 65, n: 1, k: 127 };
    const row: MatmulShape = { form, m: 1, n: 65, k: 127 };
    return [column, row].flatMap((shape) => [
      ...matvecCandidates(shape).map(({ name: variant }) => shapeTrial(shape, { asGpu: true, variant })),
      shapeTrial({ ...shape, bias: true, activation: 'relu' }, { asGpu: true, replicas: 3 }),
      shapeTrial({ ...shape, bias: true, addend: true, mask: 'sigmoid' }, { replicas: 3 }),
      shapeTrial(shape),
    ]);
  });
}

/** Two products added, and a tensor: in one kernel, and on a CPU in plain products and a pass more where those are large. */
function sumTrials(): Trial[] {
  const all = { bias: true, addend: true, mask: 'tanh' } as const;
  return FORMS.flatMap((form) => {
    // The second product may differ in k: gradients of one weight from two uses.
    const small: MatmulShape = { form, m: 33, n: 17, k: 65, k2: form === 'TN' ? 30 : 65 };
    const large: MatmulShape = { form, m: 132, n: 124, k: 68, k2: 68 };
    const { k2, ...single } = large;
    return [
      shapeTrial({ ...small, ...all }, { replicas: 3 }),
      shapeTrial({ ...small, ...all }, { replicas: 3, asGpu: true }),
      shapeTrial({ ...large, bias: true, activation: 'relu' }, { replicas: 3 }),
      shapeTrial({ ...large, ...all }),
      shapeTrial(large, { asGpu: true, variant: 'tiled 64×64×16', replicas: 3 }),
      shapeTrial({ ...small, m: 36, n: 35, bias: true }, { asGpu: true, variant: 'tiled 32×32×16' }),
      shapeTrial({ ...single, addend: true, activation: 'relu' }, { replicas: 3 }),
      shapeTrial({ form, m: 1, n: 1, k: 1, addend: true }),
      shapeTrial({ form, m: 33, n: 65, k: 17, addend: true }, { asGpu: true, replicas: 3 }),
    ];
  });
}

/** Few outputs of many k, as weight gradients are: the k is split on a GPU. */
function splitTrials(): Trial[] {
  const gpu = { asGpu: true, replicas: 3 } as const;
  return [
    ...FORMS.flatMap((form) => [
      shapeTrial({ form, m: 10, n: 128, k: 1040 }, gpu),
      shapeTrial({ form, m: 12, n: 36, k: 1040, bias: true, mask: 'relu' }, { asGpu: true }),
      shapeTrial({ form, m: 3, n: 1, k: 20_001, addend: true }, gpu),
    ]),
    shapeTrial({ form: 'TN', m: 10, n: 128, k: 1040, columnSum: true }, gpu),
    shapeTrial({ form: 'TN', m: 12, n: 36, k: 1040, columnSum: true }, { asGpu: true }),
  ];
}

/** Batches: their own operands, one for all, and one for each of the outer axis, as grouped attention has. */
function batchTrials(): Trial[] {
  return FORMS.flatMap((form) => {
    const shape = (m: number, n: number, k: number, { a = [1, 1], b = [1, 1] } = {}): MatmulShape => {
      const [outer, inner] = [2, 3];
      const strides = (has: readonly number[], elements: number): [number, number] => [
        has[0] ? elements * (has[1] ? inner : 1) : 0,
        has[1] ? elements : 0,
      ];
      return { form, m, n, k, batch: { outer, inner, a: strides(a, m * k), b: strides(b, k * n) } };
    };
    const tiles = { asGpu: true, variant: 'tiled 32×32×16' };
    return [
      shapeTrial(shape(17, 9, 33), { replicas: 3 }),
      shapeTrial(shape(33, 65, 20, { a: [1, 0], b: [1, 1] })),
      shapeTrial(shape(64, 64, 16, { a: [1, 1], b: [0, 1] }), { asGpu: true, replicas: 3 }),
      shapeTrial(shape(36, 40, 44, { a: [1, 1], b: [1, 0] }), tiles),
      shapeTrial(shape(33, 35, 37, { a: [0, 1], b: [1, 1] }), { ...tiles, replicas: 3 }),
      shapeTrial(shape(1, 33, 65), { asGpu: true, replicas: 3 }),
      shapeTrial(shape(33, 1, 65), { replicas: 3 }),
    ];
  });
}

export function productFamilyTrials(): Trial[] {
  return [
    ...tiledTrials(),
    ...largeTrials(),
    ...vectorTrials(),
    ...sumTrials(),
    ...splitTrials(),
    ...batchTrials(),
  ];
}
