import binaryKernel from '../../shaders/elementwise/binary.wgsl';
import unaryKernel from '../../shaders/elementwise/unary.wgsl';
import { showShape } from '../host/showShape.ts';
import { showValue } from '../host/showValue.ts';
import { sameShape, size, type Tensor } from './graph.ts';
import { apply, defineOp, type Op } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';
import { requireTensor } from './requireTensor.ts';

/** The numbers of `shaders/elementwise/unary.wgsl`. */
export const UNARY = {
  scale: 0,
  relu: 1,
  tanh: 2,
  sigmoid: 3,
  gelu: 4,
  geluDerivative: 5,
  geluTanh: 6,
  geluTanhDerivative: 7,
  normalDensity: 8,
  square: 9,
  exp: 10,
  reciprocal: 11,
  inverseSqrt: 12,
  offset: 13,
  log: 14,
  sqrt: 15,
  abs: 16,
  sign: 17,
  softplus: 18,
} as const;

/** The numbers of `shaders/elementwise/binary.wgsl`. */
export const BINARY = {
  add: 0,
  subtract: 1,
  multiply: 2,
  reluBackward: 3,
  tanhBackward: 4,
  sigmoidBackward: 5,
  divide: 6,
  binaryCrossEntropy: 7,
} as const;

/**
 * An op y = f(x) on every element, given its derivative as a function of input and output.
 * @param derivative dy/dx times a tangent or cotangent `d`, null for zero; elementwise maps have the same rule both ways.
 */
export function defineUnary(
  name: keyof typeof UNARY,
  derivative: (d: Tensor, x: Tensor, y: Tensor, factor: number) => Tensor | null,
): Op {
  return defineOp({
    name,
    vjp: ({ inputs, outputs, attributes }, [d]) => [
      d && derivative(d, inputs[0]!, outputs[0]!, attributes.factor),
    ],
    jvp: ({ inputs, outputs, attributes }, [d]) => [
      d && derivative(d, inputs[0]!, outputs[0]!, attributes.factor),
    ],
    lower: ({ inputs, outputs, attributes }, to) => {
      const elements = size(outputs[0]!.shape);
      to.dispatch(
        {
          source: unaryKernel,
          knobs: { FUNCTION: UNARY[name] },
          params: { elements, factor: attributes.factor },
          grid: linearGrid(elements),
        },
        { x: inputs[0]!, y: outputs[0]! },
      );
    },
  });
}

/**
 * Applies an op made by `defineUnary`.
 * @throws if the factor is no number
 */
export function applyUnary(op: Op, x: Tensor, factor = 0): Tensor {
  requireTensor(op.name, 'operand 0', x);
  if (typeof factor !== 'number') throw new Error(`${op.name}: ${showValue(factor)}, expected a number`);
  return apply(op, [x], { factor }, { shape: x.shape });
}

/** An op z = f(x, y) on every element of two tensors of one shape. */
export function defineBinary(name: keyof typeof BINARY, rules: Pick<Op, 'vjp' | 'jvp'>): Op {
  return defineOp({
    name,
    ...rules,
    lower: ({ inputs, outputs }, to) => {
      const elements = size(outputs[0]!.shape);
      to.dispatch(
        {
          source: binaryKernel,
          knobs: { FUNCTION: BINARY[name] },
          params: { elements },
          grid: linearGrid(elements),
        },
        { x: inputs[0]!, y: inputs[1]!, z: outputs[0]! },
      );
    },
  });
}

/**
 * Refuses operands of two shapes, whatever becomes of them: `broadcast` makes them equal.
 * @throws naming the op and both shapes
 */
export function requireSameShape(op: string, x: Tensor, y: Tensor): void {
  [x, y].forEach((operand, i) => {
    requireTensor(op, `operand ${i}`, operand);
  });
  if (!sameShape(x.shape, y.shape)) {
    throw new Error(
      `${op}: shapes ${showShape(x.shape)} and ${showShape(y.shape)} differ; broadcast() repeats one along axes of the other`,
    );
  }
}

/**
 * Applies an op made by `defineBinary`.
 * @throws if the shapes differ
 */
export function applyBinary(op: Op, x: Tensor, y: Tensor): Tensor {
  requireSameShape(op.name, x, y);
  return apply(op, [x, y], {}, { shape: x.shape });
}
