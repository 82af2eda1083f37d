import { applyUnary, defineUnary } from './elementwise.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { offset } from './offset.ts';
import { scale } from './scale.ts';
import { square } from './square.ts';

const geluOp = defineUnary('gelu', (d, x) => multiply(d, geluDerivative(x)));

/** y = x·Φ(x), Φ the normal distribution function (Hendrycks & Gimpel 2016), PyTorch's default form. */
export function gelu(x: Tensor): Tensor {
  return applyUnary(geluOp, x);
}

// gelu'(x) = Φ(x) + x·φ(x), and gelu''(x) = φ(x)·(2 − x²).
const geluDerivativeOp = defineUnary('geluDerivative', (d, x) =>
  multiply(d, multiply(normalDensity(x), offset(scale(square(x), -1), 2))),
);

/** Φ(x) + x·φ(x). */
export function geluDerivative(x: Tensor): Tensor {
  return applyUnary(geluDerivativeOp, x);
}

const normalDensityOp = defineUnary('normalDensity', (d, x, y) => multiply(d, scale(multiply(x, y), -1)));

/** φ(x) = e^(−x²/2)/√(2π). */
export function normalDensity(x: Tensor): Tensor {
  return applyUnary(normalDensityOp, x);
}
