import kernel from '../../shaders/krylov/lanczosStep.wgsl';
import { showShape } from '../host/showShape.ts';
import type { Tensor } from './graph.ts';
import { apply, expectShape, type Op } from './op.ts';
import { elementsPerThread, linearGrid } from './plans/linearGrid.ts';

const lanczosStepOp: Op = {
  name: 'lanczosStep',
  lower: ({ inputs: [y, p, f, s, q, t], outputs: [z] }, to) => {
    const vectors = z!.shape[0]! / 4;
    const PER_THREAD = elementsPerThread(to.target);
    to.dispatch(
      {
        source: kernel,
        knobs: { BEFORE: q !== undefined, PER_THREAD },
        params: { vectors },
        grid: linearGrid(vectors, PER_THREAD),
      },
      { y: y!, p: p!, f: f!, s: s!, z: z!, ...(q && t ? { q, t } : {}) },
    );
  },
};

/** A vector of Lanczos's process as it is kept, and the square of its norm, a scalar above 0. */
export interface Scaled {
  /** Flat [P]. */
  readonly vector: Tensor;
  readonly square: Tensor;
}

/**
 * A step of Lanczos's three-term recurrence on vectors that are not scaled: of p with v = p/|p|, what is left of A·v without its parts along v
 * and along the vector before, in one pass over memory. Its norm is the next number beside the diagonal: it is the next p.
 * @param moved A·p
 * @param form pᵀAp, a scalar
 * @param before the vector before p, where there is one
 * @throws if the shapes do not fit, or P is not divisible by 4, as every flat vector's length is
 */
export function lanczosStep(moved: Tensor, form: Tensor, p: Scaled, before: Scaled | null): Tensor {
  const { shape } = moved;
  if (shape.length !== 1 || shape[0]! % 4 !== 0) {
    throw new Error(`lanczosStep: found ${showShape(shape)}, expected [P] with P divisible by 4`);
  }
  const inputs = [moved, p.vector, form, p.square, ...(before ? [before.vector, before.square] : [])];
  for (const [i, what] of ['the vector', 'pᵀAp', 'its square', 'the vector before', 'its square'].entries()) {
    const found = inputs[i + 1];
    if (found) expectShape('lanczosStep', what, found.shape, i === 0 || i === 3 ? shape : []);
  }
  return apply(lanczosStepOp, inputs, {}, { shape });
}
