import { showShape } from '../host/showShape.ts';
import { addPresent } from './add.ts';
import { broadcast, broadcastRows } from './broadcast.ts';
import { conv2dInputGradient } from './conv2dInputGradient.ts';
import { conv2dWeightGradient } from './conv2dWeightGradient.ts';
import type { Tensor } from './graph.ts';
import { apply, defineOp, expectShape, type Op, type RuleArguments } from './op.ts';
import { convolution } from './perExample/convolution.ts';
import { convShape, planConvForward } from './plans/convPlan.ts';
import type { Activation } from './plans/matmulPlan.ts';
import { requireTensors } from './requireTensor.ts';
import { sum, sumRows } from './sum.ts';
import { type Window2d, type WindowOptions, window2d, windowPositions } from './window2d.ts';

/** [N, O, H', W'] → [O]. */
function sumChannels(d: Tensor): Tensor {
  return sumRows(sum(d, { from: 2, to: 4 }));
}

/** [O] → [N, O, H', W']. */
function broadcastChannels(b: Tensor, shape: readonly number[]): Tensor {
  return broadcastRows(broadcast(b, shape.slice(1), { from: 1, to: 3 }), shape[0]!);
}

export const conv2dOp = defineOp({
  name: 'conv2d',
  vjp: ({ inputs: [x, w, b], attributes: { window } }, [d]) =>
    d
      ? [
          conv2dInputGradient(d, w!, window, [x!.shape[2]!, x!.shape[3]!]),
          conv2dWeightGradient(x!, d, window),
          ...(b ? [sumChannels(d)] : []),
        ]
      : [],
  jvp: ({ inputs: [x, w], outputs: [y], attributes: { window } }, [dx, dw, db]) => [
    addPresent(
      dx ? convolve(dx, w!, null, window) : null,
      dw ? convolve(x!, dw, db ?? null, window) : null,
      db && !dw ? broadcastChannels(db, y!.shape) : null,
    ),
  ],
  perExample: ({ inputs: [x], attributes: { window } }, delta, examples) => [
    null,
    ...convolution(x!, delta, window, examples),
  ],
  lower: ({ inputs: [x, w, b], outputs: [y], attributes: { window } }, to) => {
    const call = planConvForward(convShape(x!.shape, y!.shape, window), { bias: b !== undefined }, to.target);
    to.dispatch(call, { x: x!, w: w!, y: y!, ...(b ? { b } : {}) });
  },
});

/** What the compiler has found to be done with a convolution, or with its input gradient. */
export interface ConvFusion {
  /** Of the result's shape, added. */
  readonly addend?: Tensor;
  readonly activation: Activation;
  /** Multiplies by the derivative of an activation, taken from its output `y`, of the result's shape. */
  readonly mask: Activation;
  readonly y?: Tensor;
}

/** act(w ∗ x + b + addend)·act′: made by the compiler. */
const conv2dFusedOp: Op = {
  name: 'conv2dFused',
  lower: ({ inputs, outputs: [y], attributes }, to) => {
    const { window, activation, mask } = attributes;
    const operands = namedOperands(inputs, attributes.names);
    const { x, b, addend } = operands;
    const epilogue = { bias: b !== undefined, addend: addend !== undefined, activation, mask };
    const call = planConvForward(convShape(x!.shape, y!.shape, window), epilogue, to.target);
    to.dispatch(call, { ...operands, y: y! });
  },
};

/** Operands by their kernel's names. */
export function namedOperands(inputs: readonly Tensor[], names: readonly string[]): Record<string, Tensor> {
  return Object.fromEntries(names.map((name, i) => [name, inputs[i]!]));
}

export function conv2dFused(
  { inputs: [x, w, b], outputs: [y], attributes: { window } }: RuleArguments,
  { addend, activation, mask, y: gate }: ConvFusion,
): Tensor {
  const operands = Object.entries({ x, w, b, addend, gate }).filter(([, tensor]) => tensor !== undefined);
  return apply(
    conv2dFusedOp,
    operands.map(([, tensor]) => tensor!),
    { window, activation, mask, names: operands.map(([name]) => name) },
    { shape: y!.shape },
  );
}

/** The convolution of a window that is known already. */
export function convolve(x: Tensor, w: Tensor, b: Tensor | null, window: Window2d): Tensor {
  const [n, , height, width] = x.shape as [number, number, number, number];
  const positions = windowPositions('conv2d', window, [height, width]);
  return apply(conv2dOp, b ? [x, w, b] : [x, w], { window }, { shape: [n, w.shape[0]!, ...positions] });
}

/**
 * y[n, o, p, q] = Σ w[o, c, i, j]·x[n, c, p·sh + i − ph, q·sw + j − pw] + b[o], x zero outside: torch's conv2d.
 * x [N, C, H, W], w [O, C, kh, kw], b [O] or null → y [N, O, H', W'].
 * @throws if the shapes do not fit, or the padded image is smaller than the window.
 */
export function conv2d(x: Tensor, w: Tensor, b: Tensor | null, options: WindowOptions = {}): Tensor {
  requireTensors('conv2d', b ? [x, w, b] : [x, w]);
  if (x.shape.length !== 4 || w.shape.length !== 4 || x.shape[1] !== w.shape[1]) {
    throw new Error(
      `conv2d: images of ${showShape(x.shape)} and a weight of ${showShape(w.shape)}, ` +
        'expected [N, C, H, W] and [O, C, kh, kw]',
    );
  }
  if (b) expectShape('conv2d', 'the bias', b.shape, [w.shape[0]!]);
  return convolve(x, w, b, window2d('conv2d', [w.shape[2]!, w.shape[3]!], options));
}
