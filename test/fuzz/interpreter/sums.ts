import { around } from '../../../src/ops/axes.ts';
import { combine, dots } from '../../../src/reference/combine.ts';
import * as reference from '../../../src/reference/sum.ts';
import { add, type Bounded, EPS, multiply, rounded, scaled, subtract, sumOf, UNDECIDED } from './bounded.ts';
import type { Rule } from './rule.ts';
import { at, bilinear, linear, make, type Values } from './values.ts';

/** Knuth's TwoSum carries the first-order errors along; of what is not finite it makes NaN or not, as it comes. */
function compensated(x: Values): Values {
  const terms = Array.from(x.value, (_, i) => at(x, i));
  const plain = sumOf(terms);
  if (!Number.isFinite(plain.value)) return make(1, () => UNDECIDED);
  const size = terms.reduce((total, { value, error }) => total + Math.abs(value) + error, 0);
  const error = terms.reduce((total, term) => total + term.error, 0);
  return make(1, () =>
    rounded(plain.value, error, 4 * EPS * Math.abs(plain.value) + (terms.length * EPS) ** 2 * size),
  );
}

/**
 * Mean and Σ (x − mean)². A chunk's mean has the error of a sum, which enters each deviation. Kernels shift by one of the numbers, so
 * of what is not finite they make NaN or ±∞ as it lies.
 */
export function centredSquares(x: readonly Bounded[]): { readonly mean: Bounded; readonly squares: Bounded } {
  if (x.some(({ value }) => !Number.isFinite(value))) return { mean: UNDECIDED, squares: UNDECIDED };
  const mean = scaled(sumOf(x), 1 / x.length);
  const squares = sumOf(
    x.map((value) => {
      const deviation = subtract(value, mean);
      return multiply(deviation, deviation);
    }),
  );
  return { mean, squares };
}

/**
 * The same as the moments' kernels have it, Σ e² − (Σ e)²/n with e = x − x₀: the rounding of both sums is at most 3 n u of Σ e²,
 * u = 2⁻²⁴ (`dense.wgsl`), however little of that is left where x₀ is far from the others.
 */
export function shiftedSquares(x: readonly Bounded[]): ReturnType<typeof centredSquares> {
  const { mean, squares } = centredSquares(x);
  if (!Number.isFinite(squares.error)) return { mean, squares };
  const shifted = x.reduce((sum, { value }) => sum + (value - x[0]!.value) ** 2, 0);
  return { mean, squares: { ...squares, error: squares.error + 1.5 * x.length * EPS * shifted } };
}

/** The elements that each result of a reduction along axes is made of. */
export function runs(x: Values, shape: { outer: number; reduced: number; inner: number }): Bounded[][] {
  const { outer, reduced, inner } = shape;
  return Array.from({ length: outer * inner }, (_, i) => {
    const first = Math.floor(i / inner) * reduced * inner + (i % inner);
    return Array.from({ length: reduced }, (_, r) => at(x, first + r * inner));
  });
}

export const sums: Readonly<Record<string, Rule>> = {
  sum: ({ inputs: [x], attributes }, [values]) => {
    if (attributes.compensated) return [compensated(values!)];
    const shape = around(x!.shape, attributes.axes);
    return [linear((v) => reference.sum(v, shape), values!, shape.reduced)];
  },
  dot: (_, [x, y]) => {
    const shape = { outer: 1, reduced: x!.value.length, inner: 1 };
    return [bilinear((a, b) => reference.sum(a, shape, b), x!, y!, shape.reduced)];
  },
  dots: (_, [rows, w]) => [bilinear(dots, rows!, w!, w!.value.length)],
  combine: ({ attributes: { factor } }, [rows, c, x]) => {
    const length = rows!.value.length / c!.value.length;
    const product = bilinear((v, k) => combine(null, v, k, 1), rows!, c!, c!.value.length);
    const terms = c!.value.length + 1;
    return [
      make(length, (i) => {
        const moved = scaled(at(product, i), factor);
        return x ? add(at(x, i), moved, terms) : moved;
      }),
    ];
  },
  groupGram: ({ outputs: [gram], inputs: [x] }, [values]) => {
    const [groups, size] = gram!.shape as [number, number];
    const features = x!.shape[1]!;
    // Both factors are of one tensor, and so are their errors.
    return [
      make(groups * size * size, (at_) => {
        const [s, i, j] = [Math.floor(at_ / size ** 2), Math.floor(at_ / size) % size, at_ % size];
        return sumOf(
          Array.from({ length: features }, (_, k) =>
            multiply(at(values!, (s * size + i) * features + k), at(values!, (s * size + j) * features + k)),
          ),
        );
      }),
    ];
  },
  variance: ({ inputs: [x], attributes: { axes, factor } }, [values]) => {
    const made = runs(values!, around(x!.shape, axes)).map((run) => {
      // What is no finite number makes both such, ∞ or NaN, as the compiler has it.
      if (run.some(({ value }) => !Number.isFinite(value))) return { mean: UNDECIDED, variance: UNDECIDED };
      const { mean, squares } = centredSquares(run);
      return { mean, variance: scaled(squares, factor) };
    });
    return [make(made.length, (i) => made[i]!.variance), make(made.length, (i) => made[i]!.mean)];
  },
};
