import { conv2d, conv2dInputGradient, conv2dWeightGradient, window2d } from '../../ops/index.ts';
import { convMoments } from '../../ops/perExample/convMoments.ts';
import { convWeightNorms } from '../../ops/perExample/convNorms.ts';
import { convMomentsCandidates, convNormsCandidates } from '../../ops/plans/convMomentsPlan.ts';
import {
  type ConvShape,
  convForwardCandidates,
  convInputGradientCandidates,
  convWeightGradientCandidates,
} from '../../ops/plans/convPlan.ts';
import * as reference from '../../reference/conv2d.ts';
import { productScale, sumTolerance, U } from '../tolerance.ts';
import type { Trial, Values } from '../trial.ts';
import { random } from '../values.ts';

/** [images, channels, height, width], output channels, kernel, stride, padding. */
type Case = readonly [
  images: readonly [number, number, number, number],
  outChannels: number,
  kernel: readonly [number, number],
  stride: readonly [number, number],
  padding: readonly [number, number],
  replicas: 1 | 3,
];

/** Ragged tiles of every size, strides and paddings, windows that leave a row or a column over. */
const CASES: readonly Case[] = [
  [[1, 1, 1, 1], 1, [1, 1], [1, 1], [0, 0], 1],
  [[3, 3, 9, 7], 5, [3, 3], [1, 1], [1, 1], 3],
  [[5, 2, 11, 6], 9, [3, 2], [2, 1], [1, 0], 1],
  [[2, 13, 3, 5], 33, [3, 3], [1, 2], [1, 1], 1],
  [[8, 3, 12, 12], 9, [3, 3], [1, 1], [1, 1], 1],
  [[9, 5, 17, 16], 3, [5, 5], [3, 3], [2, 2], 1],
];

/** Cases that every variant runs. */
const VARIANTS_OF = 2;

/** With several images an example, as a weight has that is used more than once. */
const UNITS: readonly (readonly [Case, unitSize: number])[] = [
  [[[6, 3, 9, 7], 5, [3, 3], [1, 1], [1, 1], 3], 2],
  [[[33, 65, 1, 1], 33, [1, 1], [1, 1], [0, 0], 1], 3],
  [[[65, 33, 1, 1], 127, [1, 1], [1, 1], [0, 0], 1], 13],
];

/** Positions in plenty, for the largest tiles and for sums in blocks; more multiplications than the small kernels get. */
const LARGE: readonly Case[] = [
  [[32, 1, 32, 32], 16, [3, 3], [1, 1], [1, 1], 1],
  [[13, 5, 15, 17], 27, [3, 3], [2, 2], [1, 1], 3],
  [[33, 4, 7, 11], 20, [3, 5], [2, 2], [3, 6], 1],
  [[65, 2, 12, 12], 9, [5, 5], [1, 1], [0, 0], 1],
];

function shapesOf([[images, channels, height, width], outChannels, kernel, stride, padding, replicas]: Case) {
  const extents: reference.Conv2dExtents = {
    images,
    channels,
    height,
    width,
    outChannels,
    kernel,
    stride,
    padding,
  };
  const positions = reference.conv2dPositions(extents);
  const window = window2d('selftest', kernel, { stride, padding });
  const [outHeight, outWidth] = positions;
  const shape: ConvShape = { images, channels, height, width, outChannels, outHeight, outWidth, window };
  return {
    extents,
    shape,
    window,
    replicas,
    x: [images, channels, height, width],
    w: [outChannels, channels, ...kernel],
    y: [images, outChannels, ...positions],
    taps: channels * kernel[0] * kernel[1],
    positions: positions[0] * positions[1],
    name:
      `${images} × ${channels} × ${height} × ${width} by ${outChannels} × ${kernel.join(' × ')}, ` +
      `stride ${stride.join(' ')}, padding ${padding.join(' ')}, R = ${replicas}`,
  };
}

function convTrials(
  each: Case,
  bias: boolean,
  asGpu = false,
): [forward: Trial, inputGradient: Trial, weightGradient: Trial] {
  const { extents, shape, window, replicas, x, w, y, taps, name } = shapesOf(each);
  const { images, outChannels, kernel, stride, padding } = extents;
  const back = outChannels * kernel[0] * kernel[1];
  const over = y.reduce((product, extent) => product * extent) / outChannels;
  const operands = { x: random(x, 1), w: random(w, 2), b: random([outChannels], 3) };
  const dy = random(y, 4);
  return [
    {
      kernel: 'conv/conv2dForward',
      name: bias ? name : `${name}, no bias`,
      replicas,
      asGpu,
      candidates: (target) => convForwardCandidates(shape, { bias }, target),
      operands: bias ? operands : { x: operands.x, w: operands.w },
      trace: ({ x, w, b }) => [conv2d(x!, w!, b ?? null, { stride, padding })],
      expect: ({ x, w, b }) => [
        {
          values: reference.conv2d(extents, x!, w!, b ?? null),
          tolerance: sumTolerance(taps + 1, productScale(taps) + 1),
        },
      ],
    },
    {
      kernel: 'conv/conv2dInputGradient',
      name,
      replicas,
      asGpu,
      candidates: (target) => convInputGradientCandidates(shape, {}, target),
      operands: { dy, w: operands.w },
      trace: ({ dy, w }) => [conv2dInputGradient(dy!, w!, window, [extents.height, extents.width])],
      expect: ({ dy, w }) => [
        {
          values: reference.conv2dInputGradient(extents, dy!, w!),
          tolerance: sumTolerance(back, productScale(back)),
        },
      ],
    },
    {
      kernel: 'conv/conv2dWeightGradient',
      name: `${name}, ${images} images`,
      replicas,
      asGpu,
      candidates: (target) => convWeightGradientCandidates(shape, target),
      operands: { x: operands.x, dy },
      trace: ({ x, dy }) => [conv2dWeightGradient(x!, dy!, window)],
      expect: ({ x, dy }) => [
        {
          values: reference.conv2dWeightGradient(extents, x!, dy!),
          tolerance: sumTolerance(over, productScale(over)),
        },
      ],
    },
  ];
}

/** The gradient of the weight of each unit of `unitSize` consecutive images. */
function gradients(
  { extents, x: [, ...image], y: [, ...output] }: ReturnType<typeof shapesOf>,
  unitSize: number,
) {
  const part = (values: Values, n: number, shape: readonly number[]): Values => {
    const elements = shape.reduce((product, extent) => product * extent, unitSize);
    return values.subarray(n * elements, (n + 1) * elements);
  };
  return (x: Values, dy: Values): Float64Array[] =>
    Array.from({ length: extents.images / unitSize }, (_, n) =>
      reference.conv2dWeightGradient(
        { ...extents, images: unitSize },
        part(x, n, image),
        part(dy, n, output),
      ),
    );
}

/**
 * Statistics over the gradients of units of images, whose own entries are sums over the positions. Norms are taken of the gradient
 * (error 2‖g‖ times the gradient's), or as Σ (patchₛ·patchₜ)(δₛ·δₜ) over pairs of positions, whose terms cancel: their
 * sizes are summed.
 */
function statisticsTrials(
  each: Case,
  asGpu = false,
  unitSize = 1,
): [moments: Trial, norms: Trial, watched: Trial] {
  const shapes = shapesOf(each);
  const { extents, shape, window, replicas, x, y, taps } = shapes;
  const { outChannels } = extents;
  const units = extents.images / unitSize;
  const positions = unitSize * shapes.positions;
  const name = unitSize === 1 ? shapes.name : `${shapes.name}, units of ${unitSize}`;
  const perUnit = gradients(shapes, unitSize);
  const one = sumTolerance(positions, productScale(positions));
  const pairs = (positions * taps * outChannels + positions ** 2 * Math.sqrt(taps * outChannels)) / 9;
  const normTolerance = (normSq: number): number =>
    2 * Math.sqrt(normSq * taps * outChannels) * one +
    sumTolerance(taps * outChannels, normSq) +
    4 * U * Math.sqrt(taps + outChannels + positions) * pairs;
  const squareNorm = (g: Float64Array): number => g.reduce((sum, v) => sum + v * v, 0);
  const operands = { x: random(x, 1), dy: random(y, 2) };
  return [
    {
      kernel: 'moments/conv2d',
      name,
      replicas,
      asGpu,
      candidates: (target) => convMomentsCandidates(shape, unitSize, target),
      operands,
      trace: ({ x, dy }) => {
        const { gradient, centredSquares, normSq } = convMoments(x!, dy!, window, unitSize);
        return [gradient, centredSquares, normSq];
      },
      expect: ({ x, dy }) => {
        const all = perUnit(x!, dy!);
        const mean = all[0]!.map((_, at) => all.reduce((sum, g) => sum + g[at]!, 0) / units);
        const squares = mean.map((m, at) => all.reduce((sum, g) => sum + (g[at]! - m) ** 2, 0));
        const shifted = squares.map((square, at) => square + units * (all[0]![at]! - mean[at]!) ** 2);
        const norms = all.map(squareNorm);
        return [
          {
            values: mean,
            tolerance: one + sumTolerance(units, Math.sqrt(units) * productScale(positions)) / units,
          },
          {
            values: squares,
            tolerance: shifted.map(
              (s) => 4 * one * Math.sqrt(units * s) + 8 * U * (1 + Math.sqrt(units)) * s + U,
            ),
          },
          { values: norms, tolerance: norms.map(normTolerance) },
        ];
      },
    },
    {
      // Whichever form is cheaper for the shape.
      kernel: ['moments/conv2d', 'perExample/convGramNorms'],
      name: `norms, ${name}`,
      replicas,
      asGpu,
      candidates: (target) => convNormsCandidates(shape, unitSize, target),
      operands,
      trace: ({ x, dy }) => [convWeightNorms(x!, dy!, window, unitSize)],
      expect: ({ x, dy }) => {
        const norms = perUnit(x!, dy!).map(squareNorm);
        return [{ values: norms, tolerance: norms.map(normTolerance) }];
      },
    },
    {
      // By one kernel, or each by its own.
      kernel: ['moments/conv2d', 'perExample/convGramNorms'],
      name: `gradient and norms, ${name}`,
      replicas,
      asGpu,
      operands,
      trace: ({ x, dy }) => [
        conv2dWeightGradient(x!, dy!, window),
        convWeightNorms(x!, dy!, window, unitSize),
      ],
      expect: ({ x, dy }) => {
        const all = perUnit(x!, dy!);
        const norms = all.map(squareNorm);
        const terms = units * positions;
        return [
          {
            values: all[0]!.map((_, at) => all.reduce((sum, g) => sum + g[at]!, 0)),
            tolerance: sumTolerance(terms, productScale(terms)),
          },
          { values: norms, tolerance: norms.map(normTolerance) },
        ];
      },
    },
  ];
}

function caseOf({ window, images, channels, height, width, outChannels }: ConvShape): Case {
  const { kernelHeight, kernelWidth, strideHeight, strideWidth, padHeight, padWidth } = window;
  return [
    [images, channels, height, width],
    outChannels,
    [kernelHeight, kernelWidth],
    [strideHeight, strideWidth],
    [padHeight, padWidth],
    1,
  ];
}

/** The trials of a planner's shape, by family; norms of single examples only. */
export const convTrialOf: Readonly<Record<string, (shape: ConvShape & { bias?: boolean }) => Trial>> = {
  conv2d: (shape) => convTrials(caseOf(shape), shape.bias ?? false)[0],
  conv2dInputGradient: (shape) => convTrials(caseOf(shape), false)[1],
  conv2dWeightGradient: (shape) => convTrials(caseOf(shape), false)[2],
  convMoments: (shape) => statisticsTrials(caseOf(shape))[0],
  convNorms: (shape) => statisticsTrials(caseOf(shape))[1],
};

export function convolutionTrials(): Trial[] {
  const withVariants = (trial: Trial, i: number): Trial => ({ ...trial, everyVariant: i < VARIANTS_OF });
  return [
    ...CASES.flatMap((each, i) => convTrials(each, i % 2 === 0).map((trial) => withVariants(trial, i))),
    ...LARGE.flatMap((each) => convTrials(each, true)),
    ...convTrials(LARGE[0]!, true, true),
    ...statisticsTrials(LARGE[1]!),
    statisticsTrials(LARGE[3]!)[2],
    ...statisticsTrials(CASES[1]!, true),
    ...UNITS.flatMap(([each, unitSize]) => statisticsTrials(each, false, unitSize)),
    ...statisticsTrials(UNITS[0]![0], true, UNITS[0]![1]),
    ...CASES.flatMap((each, i) => statisticsTrials(each).map((trial) => withVariants(trial, i))),
  ];
}
