import { geluDerivative, normalDensity } from '../../../src/ops/gelu.ts';
import { geluTanhDerivative } from '../../../src/ops/geluTanh.ts';
import type { Tensor } from '../../../src/ops/graph.ts';
import {
  abs,
  add,
  binaryCrossEntropy,
  divide,
  exp,
  gelu,
  geluTanh,
  inverseSqrt,
  log,
  multiply,
  offset,
  reciprocal,
  relu,
  scale,
  sigmoid,
  sign,
  softplus,
  sqrt,
  square,
  subtract,
  tanh,
} from '../../../src/ops/index.ts';
import type { Draw } from '../draw.ts';
import type { Tracing } from '../tracing.ts';
import type { Step } from './step.ts';

const unary =
  (f: (x: Tensor) => Tensor): Step =>
  (to, draw) => {
    to.call(f, to.some(draw));
  };

const binary =
  (f: (x: Tensor, y: Tensor) => Tensor): Step =>
  (to, draw) => {
    const x = to.some(draw);
    const y = to.like(draw, x.shape);
    if (draw.chance(50)) to.call(f, y, x);
    else to.call(f, x, y);
  };

const factor = (draw: Draw, to: Tracing): number =>
  draw.chance(80) ? draw.of([2, -1, 0.5, -1.5]) : to.constant(draw);

/** 1/2 + x² has a root and a reciprocal; of x itself they are mostly undecided. */
const ofPositive =
  (f: (x: Tensor) => Tensor): Step =>
  (to, draw) => {
    const x = to.some(draw);
    to.call(f, draw.chance(15) ? x : to.call(offset, to.call(square, x), 0.5));
  };

export const elementwise: Readonly<Record<string, Step>> = {
  add: binary(add),
  subtract: binary(subtract),
  multiply: binary(multiply),
  scale: (to, draw) => {
    to.call(scale, to.some(draw), factor(draw, to));
  },
  offset: (to, draw) => {
    to.call(offset, to.some(draw), factor(draw, to));
  },
  relu: unary(relu),
  geluDerivative: unary(geluDerivative),
  geluTanhDerivative: unary(geluTanhDerivative),
  normalDensity: unary(normalDensity),
  tanh: unary(tanh),
  sigmoid: unary(sigmoid),
  gelu: unary(gelu),
  geluTanh: unary(geluTanh),
  square: unary(square),
  exp: (to, draw) => {
    const x = to.some(draw);
    to.call(exp, draw.chance(20) ? x : to.call(tanh, x));
  },
  reciprocal: ofPositive(reciprocal),
  inverseSqrt: ofPositive(inverseSqrt),
  log: ofPositive(log),
  sqrt: ofPositive(sqrt),
  divide: (to, draw) => {
    const y = to.some(draw);
    const x = to.like(draw, y.shape);
    to.call(divide, x, draw.chance(15) ? y : to.call(offset, to.call(square, y), 0.5));
  },
  abs: unary(abs),
  sign: unary(sign),
  softplus: unary(softplus),
  binaryCrossEntropy: binary(binaryCrossEntropy),
};
