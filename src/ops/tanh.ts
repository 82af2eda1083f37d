import { addPresent } from './add.ts';
import { applyBinary, applyUnary, defineBinary, defineUnary } from './elementwise.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { scale } from './scale.ts';

const tanhOp = defineUnary('tanh', (d, _x, y) => tanhBackward(d, y));

/** y = tanh x. */
export function tanh(x: Tensor): Tensor {
  return applyUnary(tanhOp, x);
}

// d·(1 − y²) is linear in d; its derivative in y is −2·d·y.
const inOutput = (d: Tensor, y: Tensor, by: Tensor): Tensor => multiply(by, scale(multiply(d, y), -2));

const tanhBackwardOp = defineBinary('tanhBackward', {
  vjp: ({ inputs: [d, y] }, [c]) => (c ? [tanhBackward(c, y!), inOutput(d!, y!, c)] : [null, null]),
  jvp: ({ inputs: [d, y] }, [dd, dy]) => [
    addPresent(dd ? tanhBackward(dd, y!) : null, dy ? inOutput(d!, y!, dy) : null),
  ],
});

/** d·(1 − y²), y being the output of tanh. */
export function tanhBackward(d: Tensor, y: Tensor): Tensor {
  return applyBinary(tanhBackwardOp, d, y);
}
