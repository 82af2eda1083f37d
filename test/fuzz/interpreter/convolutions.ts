import { type Attributes, size, type Tensor } from '../../../src/ops/graph.ts';
import type { Window2d } from '../../../src/ops/window2d.ts';
import {
  type Conv2dExtents,
  conv2d,
  conv2dInputGradient,
  conv2dWeightGradient,
} from '../../../src/reference/conv2d.ts';
import { add, type Bounded, exact, isUndecided, multiply, sumOf, UNDECIDED } from './bounded.ts';
import type { Rule } from './rule.ts';
import { shiftedSquares } from './sums.ts';
import { at, bilinear, make, moved, undecided, type Values } from './values.ts';

export function extentsOf(
  images: readonly number[],
  outputs: readonly number[],
  window: Window2d,
): Conv2dExtents {
  const [n, channels, height, width] = images as [number, number, number, number];
  return {
    images: n,
    channels,
    height,
    width,
    outChannels: outputs[1]!,
    kernel: [window.kernelHeight, window.kernelWidth],
    stride: [window.strideHeight, window.strideWidth],
    padding: [window.padHeight, window.padWidth],
  };
}

const taps = ({ channels, kernel }: Conv2dExtents): number => channels * kernel[0] * kernel[1];

/**
 * Products with what is not finite: a kernel may multiply it by the zeros around an image, or leave them out, so then nothing is
 * known.
 */
function convolved(
  f: (a: ArrayLike<number>, b: ArrayLike<number>) => Float64Array,
  a: Values,
  b: Values,
  terms: number,
): Values {
  const made = bilinear(f, a, b, terms);
  const finite = [a, b].every(({ value }) => value.every(Number.isFinite));
  return finite ? made : undecided(made.value.length);
}

/** The gradient of the weight of each unit of consecutive images, [units] of [O, C, kh, kw]. */
export function unitGradients(
  [x, delta]: readonly Tensor[],
  { window, unitSize }: Attributes,
  [values, deltas]: readonly Values[],
): Values[] {
  const e = { ...extentsOf(x!.shape, delta!.shape, window), images: unitSize };
  const slice = (of: Values, shape: readonly number[], unit: number): Values => {
    const each = unitSize * size(shape.slice(1));
    return moved(of, each, (i) => unit * each + i);
  };
  return Array.from({ length: x!.shape[0]! / unitSize }, (_, unit) =>
    convolved(
      (a, b) => conv2dWeightGradient(e, a, b),
      slice(values!, x!.shape, unit),
      slice(deltas!, delta!.shape, unit),
      unitSize * size(delta!.shape.slice(2)),
    ),
  );
}

/** Σ of squares of what examples add up to; inner products of positions, from which a kernel may take it, cost no digits of Σ|g|². */
function normSq(gradients: readonly Values[]): Bounded {
  const [first] = gradients;
  const places = Array.from(first!.value, (_, p) => sumOf(gradients.map((g) => at(g, p))));
  const spread = first!.terms * gradients.length;
  const norm = sumOf(places.map((g) => multiply(g, g)));
  const size_ = sumOf(
    places.map(({ value, error }) => ({ value: (Math.abs(value) + error) ** 2, error: 0 })),
  );
  return add(norm, { value: 0, error: (size_.error + norm.error) * spread });
}

export const convolutions: Readonly<Record<string, Rule>> = {
  conv2d: ({ inputs: [x], outputs: [y], attributes: { window } }, [images, w, b]) => {
    const e = extentsOf(x!.shape, y!.shape, window);
    const made = convolved((a, v) => conv2d(e, a, v), images!, w!, taps(e));
    if (!b) return [made];
    const plane = size(y!.shape.slice(2));
    const terms = made.terms + 1;
    return [
      make(
        size(y!.shape),
        (i) => add(at(made, i), at(b, Math.floor(i / plane) % e.outChannels), terms),
        terms,
      ),
    ];
  },
  conv2dInputGradient: ({ inputs: [dy], outputs: [dx], attributes: { window } }, [d, w]) => {
    const e = extentsOf(dx!.shape, dy!.shape, window);
    const terms = e.outChannels * e.kernel[0] * e.kernel[1];
    return [convolved((a, v) => conv2dInputGradient(e, a, v), d!, w!, terms)];
  },
  conv2dWeightGradient: ({ inputs: [x, dy], attributes: { window } }, [images, d]) => {
    const e = extentsOf(x!.shape, dy!.shape, window);
    const terms = e.images * size(dy!.shape.slice(2));
    return [convolved((a, v) => conv2dWeightGradient(e, a, v), images!, d!, terms)];
  },
  convWeightNorms: ({ inputs: [x, dy], outputs: [norms], attributes: { window, unitSize } }, values) => {
    const each = unitGradients([x!, dy!], { window, unitSize: 1 }, values);
    return [make(norms!.shape[0]!, (u) => normSq(each.slice(u * unitSize, (u + 1) * unitSize)))];
  },
  convUnitMoments: ({ inputs, outputs: [moments], attributes }, values) => {
    const each = unitGradients(inputs, attributes, values);
    const elements = moments!.shape[2]!;
    // The second half is what a gradient differs from itself.
    const differs = (g: Bounded): Bounded =>
      isUndecided(g) || !Number.isFinite(g.value) ? UNDECIDED : exact(0);
    return [
      make(size(moments!.shape), (i) => {
        const g = at(each[Math.floor(i / (2 * elements))]!, i % elements);
        return i % (2 * elements) < elements ? g : differs(g);
      }),
    ];
  },
  convMoments: ({ inputs, outputs: [gradient], attributes }, values) => {
    const each = unitGradients(inputs, attributes, values);
    const moments = Array.from({ length: size(gradient!.shape) }, (_, p) =>
      shiftedSquares(each.map((g) => at(g, p))),
    );
    return [
      make(moments.length, (p) => moments[p]!.mean),
      make(moments.length, (p) => moments[p]!.squares),
      make(each.length, (n) => normSq([each[n]!])),
    ];
  },
};
