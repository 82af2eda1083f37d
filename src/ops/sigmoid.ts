import { addPresent } from './add.ts';
import { applyBinary, applyUnary, defineBinary, defineUnary } from './elementwise.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { offset } from './offset.ts';
import { scale } from './scale.ts';

const sigmoidOp = defineUnary('sigmoid', (d, _x, y) => sigmoidBackward(d, y));

/** y = 1/(1 + e⁻ˣ). */
export function sigmoid(x: Tensor): Tensor {
  return applyUnary(sigmoidOp, x);
}

// d·y·(1 − y) is linear in d; its derivative in y is d·(1 − 2y).
const inOutput = (d: Tensor, y: Tensor, by: Tensor): Tensor =>
  multiply(by, multiply(d, offset(scale(y, -2), 1)));

const sigmoidBackwardOp = defineBinary('sigmoidBackward', {
  vjp: ({ inputs: [d, y] }, [c]) => (c ? [sigmoidBackward(c, y!), inOutput(d!, y!, c)] : [null, null]),
  jvp: ({ inputs: [d, y] }, [dd, dy]) => [
    addPresent(dd ? sigmoidBackward(dd, y!) : null, dy ? inOutput(d!, y!, dy) : null),
  ],
});

/** d·y·(1 − y), y being the output of the sigmoid. */
export function sigmoidBackward(d: Tensor, y: Tensor): Tensor {
  return applyBinary(sigmoidBackwardOp, d, y);
}
