import { axpy, scaleBy } from '../../ops/combine.ts';
import { dot, normSq } from '../../ops/dot.ts';
import type { Tensor } from '../../ops/graph.ts';
import { inverseSqrt } from '../../ops/inverseSqrt.ts';
import { multiply } from '../../ops/multiply.ts';
import { offset } from '../../ops/offset.ts';

/** What is left of a vector in its own direction is no zero, so that no quotient is NaN. */
const TINY = 1e-30;

/** Lanczos's vectors, and the tridiagonal matrix that a symmetric one is on them. */
export interface LanczosBasis {
  /** Unit vectors, flat [P]. */
  readonly vectors: readonly Tensor[];
  /** Scalars, one a vector. */
  readonly diagonal: readonly Tensor[];
  /** One fewer. */
  readonly beside: readonly Tensor[];
}

/**
 * So many steps of the three-term recurrence (Lanczos 1950) from a unit vector, a product each, all in one trace. Of a few steps: the
 * vectors are not made orthogonal again. Where the space is exhausted, what is beside the diagonal is rounding, and what comes behind
 * it of no weight.
 */
export function lanczosRecurrence(
  product: (v: Tensor) => Tensor,
  start: Tensor,
  steps: number,
): LanczosBasis {
  const vectors = [start];
  const diagonal: Tensor[] = [];
  const beside: Tensor[] = [];
  for (let j = 0; j < steps; j++) {
    const v = vectors[j]!;
    const moved = product(v);
    const rest = j === 0 ? moved : axpy(beside[j - 1]!, vectors[j - 1]!, moved, -1);
    const along = dot(rest, v);
    diagonal.push(along);
    if (j === steps - 1) break;
    const left = axpy(along, v, rest, -1);
    const square = offset(normSq(left), TINY);
    const inverse = inverseSqrt(square);
    beside.push(multiply(square, inverse));
    vectors.push(scaleBy(inverse, left));
  }
  return { vectors, diagonal, beside };
}
