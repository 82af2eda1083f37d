import { addPresent } from './add.ts';
import { applyBinary, defineBinary } from './elementwise.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { scale } from './scale.ts';

// ∂(x/y)/∂y = −(x/y)/y: no square of y, which may overflow or vanish where the quotient does not.
const inDivisor = (by: Tensor, y: Tensor, z: Tensor): Tensor => scale(multiply(by, divide(z, y)), -1);

const divideOp = defineBinary('divide', {
  vjp: ({ inputs: [, y], outputs: [z] }, [d]) => (d ? [divide(d, y!), inDivisor(d, y!, z!)] : [null, null]),
  jvp: ({ inputs: [, y], outputs: [z] }, [dx, dy]) => [
    addPresent(dx ? divide(dx, y!) : null, dy ? inDivisor(dy, y!, z!) : null),
  ],
});

/**
 * z = x/y, element by element; infinite or NaN where y is 0. One quotient, which WGSL rounds to 2.5 units in the last place;
 * `multiply(x, reciprocal(y))` rounds once more, and overflows where 1/y does.
 * @throws if the shapes differ
 */
export function divide(x: Tensor, y: Tensor): Tensor {
  return applyBinary(divideOp, x, y);
}
