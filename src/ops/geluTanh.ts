import { add } from './add.ts';
import { applyUnary, defineUnary } from './elementwise.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { offset } from './offset.ts';
import { scale } from './scale.ts';
import { square } from './square.ts';
import { tanh } from './tanh.ts';

const A = Math.sqrt(2 / Math.PI);
const C = 0.044715;

const geluTanhOp = defineUnary('geluTanh', (d, x) => multiply(d, geluTanhDerivative(x)));

/** y = ½x(1 + tanh u), u = √(2/π)(x + 0.044715x³): GELU's tanh form, PyTorch's `approximate="tanh"`. */
export function geluTanh(x: Tensor): Tensor {
  return applyUnary(geluTanhOp, x);
}

const geluTanhDerivativeOp = defineUnary('geluTanhDerivative', (d, x) => multiply(d, secondDerivative(x)));

/** ½(1 + t) + ½x(1 − t²)u', with t = tanh u. */
export function geluTanhDerivative(x: Tensor): Tensor {
  return applyUnary(geluTanhDerivativeOp, x);
}

/** y'' = (1 − t²)·(u' − x·t·u'² + ½x·u''), with u' = A(1 + 3Cx²) and u'' = 6ACx. */
function secondDerivative(x: Tensor): Tensor {
  const x2 = square(x);
  const t = tanh(multiply(x, offset(scale(x2, A * C), A)));
  const du = offset(scale(x2, 3 * A * C), A);
  const bracket = add(add(du, scale(multiply(multiply(x, t), square(du)), -1)), scale(x2, 3 * A * C));
  return multiply(offset(scale(square(t), -1), 1), bracket);
}
