import { dot, normSq } from '../../ops/dot.ts';
import type { Tensor } from '../../ops/graph.ts';
import { lanczosStep, type Scaled } from '../../ops/lanczosStep.ts';
import { offset } from '../../ops/offset.ts';

/** What is left of a vector in its own direction is no zero, so that no quotient is NaN. */
const TINY = 1e-30;

/** Lanczos's vectors, as they come, and what the tridiagonal matrix on them is made of. */
export interface LanczosBasis {
  /** pⱼ, flat [P], not of unit length, and |pⱼ|²: from the second on |pⱼ| is the number beside the diagonal. */
  readonly vectors: readonly Scaled[];
  /** pⱼᵀApⱼ, scalars: over |pⱼ|² the diagonal. */
  readonly forms: readonly Tensor[];
  /** |p|² of what would come next: null where the last product was not made. */
  readonly left: Tensor | null;
}

/**
 * So many steps of the three-term recurrence (Lanczos 1950) from a vector, a product each, all in one trace. Of a few steps: the
 * vectors are not made orthogonal again. Where the space is exhausted, what is beside the diagonal is rounding, and what comes behind
 * it of no weight.
 * @param form vᵀAv where that is cheaper than A·v: for the last vector, whose product then is not made
 */
export function lanczosRecurrence(
  { product, form }: { product(v: Tensor): Tensor; form?(v: Tensor): Tensor },
  start: Tensor,
  steps: number,
): LanczosBasis {
  const scaled = (vector: Tensor): Scaled => ({ vector, square: offset(normSq(vector), TINY) });
  const vectors = [scaled(start)];
  const forms: Tensor[] = [];
  for (let j = 0; ; j++) {
    const p = vectors[j]!;
    const isLast = j === steps - 1;
    if (isLast && form) return { vectors, forms: [...forms, form(p.vector)], left: null };
    const moved = product(p.vector);
    const along = dot(p.vector, moved);
    forms.push(along);
    const next = scaled(lanczosStep(moved, along, p, vectors[j - 1] ?? null));
    if (isLast) return { vectors, forms, left: next.square };
    vectors.push(next);
  }
}
