import packHalf from '../../shaders/structure/packHalf.wgsl';
import { showShape } from '../host/showShape.ts';
import type { Tensor } from './graph.ts';
import type { MatmulForm } from './matmul.ts';
import { apply, type Op } from './op.ts';
import { planHalf } from './plans/halfPlan.ts';
import { linearGrid } from './plans/linearGrid.ts';

/**
 * A matrix stored in float16, two elements a word, each row filled up with zeros to whole fours. It lies in u32 tensors, so
 * that memory, views and replicas need no elements of two bytes, and it is the same on every device, shader-f16 or not.
 */
export interface HalfMatrix {
  readonly rows: number;
  readonly columns: number;
  /** u32 [rows, 2·⌈columns / 4⌉] */
  readonly words: Tensor;
}

const packHalfOp: Op = {
  name: 'toHalf',
  lower: ({ inputs: [x], outputs: [y] }, to) => {
    const [rows, columns] = x!.shape as [number, number];
    const words = y!.shape[1]!;
    to.dispatch(
      { source: packHalf, params: { rows, columns, words }, grid: linearGrid(rows * words) },
      { x: x!, y: y! },
    );
  },
};

/**
 * X [rows, columns] rounded to float16, to nearest, ties to even; past 65504 it is infinite. Rounding has no derivative worth
 * having: differentiate the float32 program, as one of mixed precision is.
 * @throws if X is no matrix.
 */
export function toHalf(x: Tensor): HalfMatrix {
  const [rows, columns] = x.shape as [number, number];
  if (x.shape.length !== 2) throw new Error(`toHalf: expected a matrix, found shape ${showShape(x.shape)}`);
  const shape = [rows, 2 * Math.ceil(columns / 4)];
  return { rows, columns, words: apply(packHalfOp, [x], {}, { shape, dtype: 'u32' }) };
}

const matmulHalfOp: Op = {
  name: 'matmulHalf',
  takes: ['u32', 'u32'],
  lower: ({ inputs: [a, b], outputs: [c], attributes: { form, k } }, to) => {
    const [m, n] = c!.shape as [number, number];
    to.dispatch(planHalf({ form, m, n, k }, to.target).call, { a: a!, b: b!, c: c! });
  },
};

/**
 * C [m, n] = A·B (NN), A·Bᵀ (NT) or Aᵀ·B (TN) of operands stored in float16: half the memory and traffic. Products and sums
 * are float32.
 * @throws if the shapes do not fit.
 */
export function matmulHalf(form: MatmulForm, a: HalfMatrix, b: HalfMatrix): Tensor {
  const [m, k] = form === 'TN' ? [a.columns, a.rows] : [a.rows, a.columns];
  const [n, inner] = form === 'NT' ? [b.rows, b.columns] : [b.columns, b.rows];
  if (k !== inner) {
    const [left, right] = [a, b].map(({ rows, columns }) => showShape([rows, columns]));
    throw new Error(`matmulHalf ${form}: ${left} and ${right} do not fit`);
  }
  return apply(matmulHalfOp, [a.words, b.words], { form, k }, { shape: [m, n], dtype: 'f32' });
}
