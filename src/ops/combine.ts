import combineKernel from '../../shaders/flat/combine.wgsl';
import { addPresent } from './add.ts';
import { normSq } from './dot.ts';
import { dots, requireFours } from './dots.ts';
import type { Tensor } from './graph.ts';
import { inverseSqrt } from './inverseSqrt.ts';
import { matmul } from './matmul.ts';
import { apply, defineOp, expectShape } from './op.ts';
import { elementsPerThread, linearGrid } from './plans/linearGrid.ts';
import { reshape } from './reshape.ts';
import { scale } from './scale.ts';

/** c dᵀ: c [k], d [P] → [k, P]. */
export function outer(c: Tensor, d: Tensor): Tensor {
  const [k, length] = [c.shape[0]!, d.shape[0]!];
  if (k === 1) return reshape(combine(null, reshape(d, [1, length]), c), [1, length]);
  return matmul('NN', reshape(c, [k, 1]), reshape(d, [1, length]));
}

const combineOp = defineOp({
  name: 'combine',
  vjp: ({ inputs: [rows, c, x], attributes: { factor } }, [d]) =>
    d
      ? [scale(outer(c!, d), factor), scale(dots(rows!, d), factor), ...(x ? [d] : [])]
      : [null, null, ...(x ? [null] : [])],
  jvp: ({ inputs: [rows, c], attributes: { factor } }, [dRows, dc, dx]) => [
    addPresent(
      dRows ? combine(dx ?? null, dRows, c!, factor) : (dx ?? null),
      dc ? combine(null, rows!, dc, factor) : null,
    ),
  ],
  lower: ({ inputs: [rows, c, x], outputs: [z], attributes: { factor } }, to) => {
    const vectors = z!.shape[0]! / 4;
    const PER_THREAD = elementsPerThread(to.target);
    to.dispatch(
      {
        source: combineKernel,
        knobs: { ADD: x !== undefined, PER_THREAD },
        params: { vectors, rows: rows!.shape[0]!, factor },
        grid: linearGrid(vectors, PER_THREAD),
      },
      { V: rows!, c: c!, z: z!, ...(x ? { x } : {}) },
    );
  },
});

/**
 * x + factor·Σᵢ cᵢ Vᵢ in one pass over memory: x [P] or null for 0, V [k, P], c [k] → [P]. With factor −1 and c = V·x
 * it takes the components along orthonormal V out of x.
 * @throws if the shapes do not fit, or P is not divisible by 4, as every flat vector's length is.
 */
export function combine(x: Tensor | null, rows: Tensor, c: Tensor, factor = 1): Tensor {
  const [k, length] = rows.shape as [number, number];
  requireFours('combine', rows);
  expectShape('combine', 'the coefficients', c.shape, [k]);
  if (x) expectShape('combine', 'the vector', x.shape, [length]);
  return apply(combineOp, x ? [rows, c, x] : [rows, c], { factor }, { shape: [length] });
}

/** x + factor·α·v in one pass: α a scalar on the device, v and x flat vectors [P]. */
export function axpy(alpha: Tensor, v: Tensor, x: Tensor, factor = 1): Tensor {
  expectShape('axpy', 'α', alpha.shape, []);
  return combine(x, reshape(v, [1, v.shape[0]!]), reshape(alpha, [1]), factor);
}

/** factor·α·v in one pass: α a scalar on the device, v a flat vector [P]. */
export function scaleBy(alpha: Tensor, v: Tensor, factor = 1): Tensor {
  expectShape('scaleBy', 'α', alpha.shape, []);
  return combine(null, reshape(v, [1, v.shape[0]!]), reshape(alpha, [1]), factor);
}

/** v/‖v‖, a flat vector [P]: a norm, and one pass. The zero vector becomes NaN. */
export function scaleToUnit(v: Tensor): Tensor {
  return scaleBy(inverseSqrt(normSq(v)), v);
}
