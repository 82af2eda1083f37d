import { showShape } from '../host/showShape.ts';
import { addPresent } from './add.ts';
import { type ConvFusion, convolve, namedOperands } from './conv2d.ts';
import { conv2dWeightGradient } from './conv2dWeightGradient.ts';
import type { Tensor } from './graph.ts';
import { apply, defineOp, expectShape, type Op, type RuleArguments } from './op.ts';
import { convShape, planConvInputGradient } from './plans/convPlan.ts';
import { type Window2d, windowPositions } from './window2d.ts';

export const conv2dInputGradientOp = defineOp({
  name: 'conv2dInputGradient',
  vjp: ({ inputs: [dy, w], attributes: { window } }, [d]) =>
    d ? [convolve(d, w!, null, window), conv2dWeightGradient(d, dy!, window)] : [],
  jvp: ({ inputs: [dy, w], outputs: [dx], attributes: { window } }, [ddy, dw]) => {
    const size = [dx!.shape[2]!, dx!.shape[3]!] as const;
    return [
      addPresent(
        ddy ? conv2dInputGradient(ddy, w!, window, size) : null,
        dw ? conv2dInputGradient(dy!, dw, window, size) : null,
      ),
    ];
  },
  lower: ({ inputs: [dy, w], outputs: [dx], attributes: { window } }, to) => {
    const call = planConvInputGradient(convShape(dx!.shape, dy!.shape, window), {}, to.target);
    to.dispatch(call, { dy: dy!, w: w!, dx: dx! });
  },
});

/** (dx + addend)·act′: made by the compiler. */
const conv2dInputGradientFusedOp: Op = {
  name: 'conv2dInputGradientFused',
  lower: ({ inputs, outputs: [dx], attributes: { window, mask, names } }, to) => {
    const operands = namedOperands(inputs, names);
    const epilogue = { addend: operands.addend !== undefined, mask };
    const call = planConvInputGradient(convShape(dx!.shape, operands.dy!.shape, window), epilogue, to.target);
    to.dispatch(call, { ...operands, dx: dx! });
  },
};

export function conv2dInputGradientFused(
  { inputs: [dy, w], outputs: [dx], attributes: { window } }: RuleArguments,
  { addend, mask, y }: Omit<ConvFusion, 'activation'>,
): Tensor {
  const operands = Object.entries({ dy, w, addend, y }).filter(([, tensor]) => tensor !== undefined);
  return apply(
    conv2dInputGradientFusedOp,
    operands.map(([, tensor]) => tensor!),
    { window, mask, names: operands.map(([name]) => name) },
    { shape: dx!.shape },
  );
}

/**
 * The transpose of conv2d in its images: dx[n, c, y, x] = Σ w[o, c, i, j]·dy[n, o, p, q] where the window at (p, q)
 * has its tap (i, j) at (y, x). dy [N, O, H', W'], w [O, C, kh, kw] → [N, C, H, W].
 * @param size H and W, which the strides do not tell
 * @throws if the shapes do not fit.
 */
export function conv2dInputGradient(
  dy: Tensor,
  w: Tensor,
  window: Window2d,
  size: readonly [number, number],
): Tensor {
  const [outChannels, channels] = w.shape as [number, number];
  if (dy.shape.length !== 4) {
    throw new Error(`conv2dInputGradient: dy has shape ${showShape(dy.shape)}, expected [N, O, H', W']`);
  }
  const positions = windowPositions('conv2dInputGradient', window, size);
  expectShape('conv2dInputGradient', 'dy', dy.shape, [dy.shape[0]!, outChannels, ...positions]);
  expectShape('conv2dInputGradient', 'the weight', w.shape, [
    outChannels,
    channels,
    window.kernelHeight,
    window.kernelWidth,
  ]);
  return apply(conv2dInputGradientOp, [dy, w], { window }, { shape: [dy.shape[0]!, channels, ...size] });
}
