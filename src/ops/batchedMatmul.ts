import { showShape } from '../host/showShape.ts';
import { addPresent } from './add.ts';
import { broadcast } from './broadcast.ts';
import { size, type Tensor } from './graph.ts';
import { lowerProduct, type MatmulForm, matmul } from './matmul.ts';
import { apply, defineOp } from './op.ts';
import type { Batch } from './plans/productShape.ts';
import { reshape } from './reshape.ts';
import { sum } from './sum.ts';

/** Leading axes and the matrix behind them. */
interface Stack {
  readonly batch: readonly number[];
  readonly rows: number;
  readonly columns: number;
}

function stackOf({ shape }: Tensor): Stack {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return { batch: shape.slice(0, -2), rows, columns };
}

/** The batch axes of both, aligned at their ends, each extent that of the operand that has more than 1. */
function commonBatch(
  form: MatmulForm,
  a: Tensor,
  b: Tensor,
): { batch: number[]; m: number; n: number; k: number } {
  const [left, right] = [stackOf(a), stackOf(b)];
  const [m, k] = form === 'TN' ? [left.columns, left.rows] : [left.rows, left.columns];
  const [n, inner] = form === 'NT' ? [right.rows, right.columns] : [right.columns, right.rows];
  const rank = Math.max(left.batch.length, right.batch.length);
  const [x, y] = [padded(left.batch, rank), padded(right.batch, rank)];
  const fits = x.every((extent, i) => extent === y[i] || extent === 1 || y[i] === 1);
  if (a.shape.length < 2 || b.shape.length < 2 || k !== inner || !fits) {
    throw new Error(`batchedMatmul ${form}: ${showShape(a.shape)} and ${showShape(b.shape)} do not fit`);
  }
  return { batch: x.map((extent, i) => Math.max(extent, y[i]!)), m, n, k };
}

function padded(batch: readonly number[], rank: number): number[] {
  return [...Array<number>(rank - batch.length).fill(1), ...batch];
}

/** Level of a batch: an extent, and how far apart the matrices of each operand lie along it. */
interface Level {
  readonly extent: number;
  readonly a: number;
  readonly b: number;
}

/**
 * Batch axes as levels of strides, outermost first: axes along which both operands go on as one are one level. An axis that an
 * operand repeats has stride 0.
 */
export function batchLevels(
  batch: readonly number[],
  a: readonly number[],
  b: readonly number[],
  matrix: { readonly a: number; readonly b: number },
): readonly Level[] {
  const [x, y] = [padded(a, batch.length), padded(b, batch.length)];
  const levels: Level[] = [];
  let strides = matrix;
  for (let i = batch.length - 1; i >= 0; i--) {
    const extent = batch[i]!;
    const level = { extent, a: x[i] === 1 ? 0 : strides.a, b: y[i] === 1 ? 0 : strides.b };
    strides = { a: strides.a * x[i]!, b: strides.b * y[i]! };
    if (extent === 1) continue;
    const next = levels[0];
    if (next && level.a === next.a * next.extent && level.b === next.b * next.extent) {
      levels[0] = { ...next, extent: extent * next.extent };
    } else levels.unshift(level);
  }
  return levels;
}

const levelsOf = (batch: readonly number[], a: Tensor, b: Tensor): readonly Level[] => {
  const [left, right] = [stackOf(a), stackOf(b)];
  const matrix = { a: left.rows * left.columns, b: right.rows * right.columns };
  return batchLevels(batch, left.batch, right.batch, matrix);
};

/** Sums a cotangent over the batch axes that its operand repeats. */
function fold(d: Tensor, shape: readonly number[]): Tensor {
  const wanted = padded(shape, d.shape.length);
  const summed = d.shape.reduceRight(
    (folded, extent, axis) =>
      extent === wanted[axis] ? folded : keepAxis(sum(folded, { from: axis, to: axis + 1 }), axis),
    d,
  );
  return reshape(summed, shape);
}

function keepAxis(x: Tensor, axis: number): Tensor {
  return reshape(x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]);
}

/** ∂/∂A and ∂/∂B of ⟨D, C⟩, each in one of the three forms again. */
const COTANGENTS: Record<MatmulForm, (a: Tensor, b: Tensor, d: Tensor) => readonly [Tensor, Tensor]> = {
  NN: (a, b, d) => [batchedMatmul('NT', d, b), batchedMatmul('TN', a, d)],
  NT: (a, b, d) => [batchedMatmul('NN', d, b), batchedMatmul('TN', d, a)],
  TN: (a, b, d) => [batchedMatmul('NT', b, d), batchedMatmul('NN', a, d)],
};

const batchedMatmulOp = defineOp({
  name: 'batchedMatmul',
  vjp: ({ inputs: [a, b], attributes }, [d]) => {
    if (!d) return [null, null];
    const [da, db] = COTANGENTS[attributes.form as MatmulForm](a!, b!, d);
    return [fold(da, a!.shape), fold(db, b!.shape)];
  },
  jvp: ({ inputs: [a, b], attributes: { form } }, [da, db]) => [
    addPresent(da ? batchedMatmul(form, da, b!) : null, db ? batchedMatmul(form, a!, db) : null),
  ],
  lower: ({ inputs: [a, b], outputs: [c], attributes: { form } }, to) => {
    const { batch, m, n, k } = commonBatch(form, a!, b!);
    const [inner, outer] = [...levelsOf(batch, a!, b!)].reverse();
    const strided: Batch = {
      outer: outer?.extent ?? 1,
      inner: inner?.extent ?? 1,
      a: [outer?.a ?? 0, inner?.a ?? 0],
      b: [outer?.b ?? 0, inner?.b ?? 0],
    };
    lowerProduct(to, { form, m, n, k, batch: strided }, { a: a!, b: b!, c: c! });
  },
});

/**
 * C [.., m, n] = A·B (NN: A [.., m, k], B [.., k, n]), A·Bᵀ (NT: B [.., n, k]) or Aᵀ·B (TN: A [.., k, m]) for each index of
 * the leading axes, which are those of both operands, aligned at their ends; an operand that lacks one, or has extent 1
 * there, serves all of its indices without being copied.
 * @throws if the shapes do not fit.
 */
export function batchedMatmul(form: MatmulForm, a: Tensor, b: Tensor): Tensor {
  const { batch, m, n } = commonBatch(form, a, b);
  const shape = [...batch, m, n];
  const [left, right] = [stackOf(a), stackOf(b)];
  const last = (x: Tensor): Tensor => reshape(x, x.shape.slice(-2));
  const single = size(right.batch) === 1;
  // One matrix B for all: the rows of all A are those of one.
  if (single && form !== 'TN') {
    return reshape(matmul(form, reshape(a, [size(left.batch) * left.rows, left.columns]), last(b)), shape);
  }
  if (single && size(left.batch) === 1) return reshape(matmul(form, last(a), last(b)), shape);
  // Kernels have two levels of strides: an operand that repeats in more ways than that is written out.
  if (levelsOf(batch, a, b).length > 2) {
    return batchedMatmul(form, repeated(a, batch), repeated(b, batch));
  }
  return apply(batchedMatmulOp, [a, b], { form }, { shape });
}

/** The operand with all batch axes written out. */
function repeated(x: Tensor, batch: readonly number[]): Tensor {
  const { batch: own, rows, columns } = stackOf(x);
  const start = reshape(x, [...padded(own, batch.length), rows, columns]);
  return batch.reduce((made, extent, axis) => {
    if (made.shape[axis] === extent) return made;
    const without = [...made.shape.slice(0, axis), ...made.shape.slice(axis + 1)];
    const shape = [...made.shape.slice(0, axis), extent, ...made.shape.slice(axis + 1)];
    return broadcast(reshape(made, without), shape, { from: axis, to: axis + 1 });
  }, start);
}
