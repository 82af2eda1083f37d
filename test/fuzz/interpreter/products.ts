import { size, type Tensor } from '../../../src/ops/graph.ts';
import { halfBits, halfValue } from '../../../src/reference/half.ts';
import { type MatmulForm, matmul } from '../../../src/reference/matmul.ts';
import { add, type Bounded, isUndecided, UNDECIDED } from './bounded.ts';
import type { Rule } from './rule.ts';
import { at, bilinear, make, moved, type Values } from './values.ts';

function extents(form: MatmulForm, a: readonly number[], b: readonly number[]) {
  const [m, k] = form === 'TN' ? [a[1]!, a[0]!] : [a[0]!, a[1]!];
  return { m, n: form === 'NT' ? b[0]! : b[1]!, k };
}

function product(form: MatmulForm, a: Values, b: Values, shapes: readonly (readonly number[])[]): Values {
  const e = extents(form, shapes[0]!, shapes[1]!);
  return bilinear((x, y) => matmul(form, x, y, e), a, b, e.k);
}

/** Place of the matrix that an operand has for one index of the batch, aligned at the end; axes of 1 serve all. */
function matrixAt(index: number, batch: readonly number[], own: readonly number[]): number {
  let [rest, place, stride] = [index, 0, 1];
  for (let axis = 1; axis <= batch.length; axis++) {
    const extent = batch[batch.length - axis]!;
    const mine = own[own.length - axis] ?? 1;
    if (mine > 1) place += (rest % extent) * stride;
    stride *= mine;
    rest = Math.floor(rest / extent);
  }
  return place;
}

function batched(form: MatmulForm, [a, b]: readonly Tensor[], c: Tensor, [x, y]: readonly Values[]): Values {
  const [left, right] = [a!.shape.slice(-2), b!.shape.slice(-2)];
  const batch = c.shape.slice(0, -2);
  const matrix = (values: Values, shape: readonly number[], place: number): Values =>
    moved(values, size(shape), (i) => place * size(shape) + i);
  const made = Array.from({ length: size(batch) }, (_, i) =>
    product(
      form,
      matrix(x!, left, matrixAt(i, batch, a!.shape.slice(0, -2))),
      matrix(y!, right, matrixAt(i, batch, b!.shape.slice(0, -2))),
      [left, right],
    ),
  );
  const each = size(c.shape.slice(-2));
  return make(size(c.shape), (i) => at(made[Math.floor(i / each)]!, i % each), made[0]?.terms);
}

/** The bits that float16 gives a number, where its error does not reach those of another. */
function half({ value, error }: Bounded): number | null {
  if (error === Number.POSITIVE_INFINITY) return null;
  const bits = halfBits(value);
  return halfBits(value - error) === bits && halfBits(value + error) === bits ? bits : null;
}

/** Words of two float16 each back to numbers, [rows, columns]. */
function fromHalf(words: Values, perRow: number, columns: number): Values {
  const rows = words.value.length / perRow;
  return make(rows * columns, (i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const word = at(words, row * perRow + (column >> 1));
    if (isUndecided(word)) return UNDECIDED;
    return { value: halfValue(column % 2 ? word.value >>> 16 : word.value & 0xffff), error: 0 };
  });
}

export const products: Readonly<Record<string, Rule>> = {
  matmul: ({ inputs: [a, b], attributes: { form } }, [x, y]) => [product(form, x!, y!, [a!.shape, b!.shape])],
  batchedMatmul: ({ inputs, outputs: [c], attributes: { form } }, x) => [batched(form, inputs, c!, x)],
  linear: ({ inputs: [x, w], outputs: [z] }, [values, weight, bias]) => {
    const made = product('NT', values!, weight!, [x!.shape, w!.shape]);
    const columns = z!.shape[1]!;
    const terms = made.terms + 1;
    if (!bias) return [made];
    return [make(size(z!.shape), (i) => add(at(made, i), at(bias, i % columns), terms), terms)];
  },
  toHalf: ({ inputs: [x], outputs: [y] }, [values]) => {
    const [columns, words] = [x!.shape[1]!, y!.shape[1]!];
    const bitsAt = (row: number, column: number): number | null =>
      column < columns ? half(at(values!, row * columns + column)) : 0;
    return [
      make(size(y!.shape), (i) => {
        const [row, column] = [Math.floor(i / words), 2 * (i % words)];
        const [low, high] = [bitsAt(row, column), bitsAt(row, column + 1)];
        return low === null || high === null ? UNDECIDED : { value: (low | (high << 16)) >>> 0, error: 0 };
      }),
    ];
  },
  matmulHalf: ({ inputs: [a, b], outputs: [c], attributes: { form, k } }, [x, y]) => {
    const [m, n] = c!.shape as [number, number];
    const [left, right] = [
      fromHalf(x!, a!.shape[1]!, form === 'TN' ? m : k),
      fromHalf(y!, b!.shape[1]!, form === 'NT' ? k : n),
    ];
    return [bilinear((p, q) => matmul(form, p, q, { m, n, k }), left, right, k)];
  },
};
