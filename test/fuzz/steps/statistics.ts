import { perExample } from '../../../src/autograd/perExample.ts';
import { vjp } from '../../../src/autograd/vjp.ts';
import type { State } from '../../../src/gpu/state.ts';
import { size, type Tensor } from '../../../src/ops/graph.ts';
import {
  add,
  axisOneView,
  type BinsOf,
  conv2d,
  conv2dWeightGradient,
  convHistogram,
  convMoments,
  convWeightNorms,
  denseMoments,
  denseNorms,
  fill,
  histogram,
  linear,
  mergeMoments,
  read,
  reshape,
  scaleShift,
  softmaxCrossEntropy,
  updateRunningStatistics,
} from '../../../src/ops/index.ts';
import { convRows } from '../../../src/ops/perExample/convRows.ts';
import { joinRows } from '../../../src/ops/perExample/joinRows.ts';
import type {
  PerExampleGradient,
  PerExampleMoments,
} from '../../../src/ops/perExample/perExampleGradient.ts';
import type { Draw } from '../draw.ts';
import type { Tracing } from '../tracing.ts';
import { someCounters } from './cursor.ts';
import { drawWindow } from './images.ts';
import { labelsOf } from './losses.ts';
import type { Step } from './step.ts';

/** A state that an op adds to: replicated where an operand is. */
function accumulator(
  to: Tracing,
  draw: Draw,
  shape: readonly number[],
  operands: readonly { replicated: boolean }[],
) {
  return to.state({
    shape,
    replicated: operands.some((t) => t.replicated) || draw.chance(30),
    kind: 'positive',
  });
}

function bins(draw: Draw): BinsOf {
  const gradient = { from: -1, to: draw.of([1, 2]), count: draw.of([1, 4, 7]) };
  return draw.chance(50) ? { gradient, parameter: { from: -1, to: 1, count: 3 } } : { gradient };
}

/** Counts of all bins, replicated where an operand is. */
function counts(
  to: Tracing,
  draw: Draw,
  { gradient, parameter }: BinsOf,
  operands: readonly (Tensor | undefined)[],
) {
  return to.state({
    shape: [gradient.count * (parameter?.count ?? 1) + 1],
    dtype: 'u32',
    replicated: operands.some((t) => t?.replicated) || draw.chance(30),
    kind: { below: 9 },
  });
}

/** A new parameter: of one that is there no one knows how it is used. */
function parameter(to: Tracing, draw: Draw, shape: readonly number[]): Tensor {
  return to.call(read, to.graph, to.state({ shape, replicated: to.someReplicated(draw), kind: 'signed' }));
}

export const statistics: Readonly<Record<string, Step>> = {
  denseMoments: (to, draw) => {
    const x = to.some(draw, [2]);
    to.call(denseMoments, x, to.like(draw, [x.shape[0]!, draw.of([1, 3, 5])]), draw.chance(50));
  },
  denseNorms: (to, draw) => {
    const x = to.some(draw, [2]);
    to.call(denseNorms, x, to.like(draw, [x.shape[0]!, to.extent(draw)]));
  },
  convMoments: (to, draw) => {
    const d = drawWindow(draw, { pooled: false });
    const delta = to.like(draw, [d.images[0]!, d.outChannels, ...d.positions]);
    to.call(convMoments, to.like(draw, d.images), delta, d.window, draw.of([1, d.images[0]!]));
  },
  convRows: (to, draw) => {
    const d = drawWindow(draw, { pooled: false });
    const delta = to.like(draw, [d.images[0]!, d.outChannels, ...d.positions]);
    to.call(convRows, to.like(draw, d.images), delta, d.window, draw.of([1, d.images[0]!]));
  },
  joinRows: (to, draw) => {
    const [groups, width] = [draw.of([1, 2, 3, 5]), draw.of([1, 3, 4])];
    const parts = Array.from({ length: draw.of([1, 2, 3]) }, () =>
      to.like(draw, [groups * draw.of([1, 2]), width]),
    );
    to.call(joinRows, parts, groups, { transposed: draw.chance(50) });
  },
  convWeightNorms: (to, draw) => {
    const d = drawWindow(draw, { pooled: false });
    const delta = to.like(draw, [d.images[0]!, d.outChannels, ...d.positions]);
    const unit = draw.of([1, d.images[0]!]);
    const x = to.like(draw, d.images);
    to.call(convWeightNorms, x, delta, d.window, unit);
    // What a watched step has beside them.
    if (draw.chance(50)) to.call(conv2dWeightGradient, x, delta, d.window);
  },
  histogram: (to, draw) => {
    const x = to.some(draw, [2]);
    const outputs = draw.of([1, 2, 5]);
    const delta = to.like(draw, [x.shape[0]!, outputs]);
    const of = bins(draw);
    const w = of.parameter ? to.like(draw, [outputs, x.shape[1]!]) : undefined;
    const state = counts(to, draw, of, [x, delta, w]);
    to.call(histogram, state, { x, delta, w }, of);
    to.wrote(state);
  },
  convHistogram: (to, draw) => {
    const d = drawWindow(draw, { pooled: false });
    const x = to.like(draw, d.images);
    const delta = to.like(draw, [d.images[0]!, d.outChannels, ...d.positions]);
    const of = bins(draw);
    const w = of.parameter ? to.like(draw, [d.outChannels, d.images[1]!, ...d.kernel]) : undefined;
    const state = counts(to, draw, of, [x, delta, w]);
    to.call(convHistogram, state, { x, delta, w }, d.window, of, draw.of([1, d.images[0]!]));
    to.wrote(state);
  },
  mergeMoments: (to, draw) => {
    const P = draw.of([1, 5, 64]);
    const [mean, squares] = [to.like(draw, [P]), to.like(draw, [P])];
    const counters = someCounters(to, draw);
    const operands = [mean, squares, counters];
    const into = {
      mean: accumulator(to, draw, [P], operands),
      centredSquares: accumulator(to, draw, [P], operands),
      counters,
    };
    // One of both may not be replicated alone.
    if (into.mean.replicated !== into.centredSquares.replicated) return;
    to.call(mergeMoments, into, mean, squares, draw.of([1, 3]));
    to.wrote(into.mean, into.centredSquares);
  },
  runningStatistics: (to, draw) => {
    const channels = draw.of([1, 3, 5]);
    const [mean, variance] = [to.like(draw, [channels]), to.like(draw, [channels])];
    const state = accumulator(to, draw, [192], [mean, variance]);
    const into = { state, meanAt: 0, varianceAt: 64, countAt: 128, momentum: draw.of([0.1, null, 0.5]) };
    to.call(updateRunningStatistics, into, mean, variance, draw.of([2, 5]));
    to.wrote(state);
  },
  /** Per-example norms, moments and histograms of a layer whose weight and bias are used once or twice. */
  perExample: (to, draw) => {
    const { layer, wrt, batch } = draw.of([denseLayer, convLayer, scaleLayer])(to, draw);
    // Or the rows of the batch are all of one example.
    const examples = draw.chance(30) ? 1 : batch;
    const flat = to.call(reshape, layer, [examples, size(layer.shape) / examples]);
    const losses = to.call(softmaxCrossEntropy, flat, labelsOf(to, draw, examples, flat.shape[1]!));
    const cotangents = to.call(vjp, [[losses, to.call(fill, to.graph, 1, [examples])]], wrt);
    const gradients = to.call(perExample, cotangents, wrt);
    to.call(normsOf, gradients, draw.of([1, examples]));
    if (draw.chance(60)) to.call(momentsOf, gradients);
    if (draw.chance(60)) return;
    const of = bins(draw);
    const state = counts(to, draw, of, [losses, ...wrt]);
    to.call(histogramOf, gradients, state, of, wrt);
    to.wrote(state);
  },
};

// Functions, so that the printed code can name them.
export function normsOf(gradients: readonly PerExampleGradient[], unitSize: number): Tensor[] {
  return gradients.map((each) => each.norms(unitSize));
}

export function momentsOf(gradients: readonly PerExampleGradient[]): PerExampleMoments[] {
  return gradients.map((each) => each.moments());
}

export function histogramOf(
  gradients: readonly PerExampleGradient[],
  state: State,
  of: BinsOf,
  parameters: readonly Tensor[],
): void {
  gradients.forEach((each, i) => {
    each.histogram(state, of, of.parameter ? parameters[i] : undefined);
  });
}

interface Layer {
  readonly layer: Tensor;
  readonly wrt: readonly Tensor[];
  readonly batch: number;
}

/** What the parameters are perhaps used with a second time; drawn before they are made, so that it does not depend on them. */
function perhapsAgain(to: Tracing, draw: Draw, shape: readonly number[]): Tensor | null {
  return draw.chance(40) ? to.like(draw, shape) : null;
}

function denseLayer(to: Tracing, draw: Draw): Layer {
  const x = to.some(draw, [2]);
  const again = perhapsAgain(to, draw, x.shape);
  const outputs = draw.of([2, 3, 5]);
  const w = parameter(to, draw, [outputs, x.shape[1]!]);
  const b = draw.chance(60) ? parameter(to, draw, [outputs]) : null;
  let layer = to.call(linear, x, w, b);
  if (again) layer = to.call(add, layer, to.call(linear, again, w, draw.chance(50) ? b : null));
  return { layer, wrt: b ? [w, b] : [w], batch: x.shape[0]! };
}

function convLayer(to: Tracing, draw: Draw): Layer {
  const d = drawWindow(draw, { pooled: false });
  const x = to.like(draw, d.images);
  // The same windows, or in other steps over images of other extents to as many positions.
  const other = draw.chance(50);
  const extents = [0, 1].map((axis) => d.positions[axis]! + d.kernel[axis]! - 1);
  const again = perhapsAgain(to, draw, other ? [...d.images.slice(0, 2), ...extents] : d.images);
  const w = parameter(to, draw, [d.outChannels, d.images[1]!, ...d.kernel]);
  const b = draw.chance(60) ? parameter(to, draw, [d.outChannels]) : null;
  let layer = to.call(conv2d, x, w, b, d.options);
  if (again) layer = to.call(add, layer, to.call(conv2d, again, w, b, other ? {} : d.options));
  return { layer, wrt: b ? [w, b] : [w], batch: d.images[0]! };
}

function scaleLayer(to: Tracing, draw: Draw): Layer {
  const x = to.some(draw, [2, 3]);
  const again = perhapsAgain(to, draw, x.shape);
  const view = axisOneView(x.shape);
  const w = parameter(to, draw, [view.channels]);
  const b = draw.chance(60) ? parameter(to, draw, [view.channels]) : null;
  let layer = to.call(scaleShift, x, w, b, view);
  if (again) layer = to.call(add, layer, to.call(scaleShift, again, w, draw.chance(50) ? b : null, view));
  return { layer, wrt: b ? [w, b] : [w], batch: x.shape[0]! };
}
