import { type Axes, around, keptShape } from '../../../src/ops/axes.ts';
import type { Tensor } from '../../../src/ops/graph.ts';
import {
  argmax,
  axpy,
  combine,
  dot,
  dots,
  max,
  maxAndIndex,
  mean,
  normSq,
  pick,
  read,
  rowSum,
  scaleBy,
  scaleToUnit,
  spread,
  sum,
  sumRows,
  variance,
  varianceAndMean,
} from '../../../src/ops/index.ts';
import { groupGram } from '../../../src/ops/perExample/groupGram.ts';
import type { Draw } from '../draw.ts';
import type { Tracing } from '../tracing.ts';
import type { Step } from './step.ts';

function axesOf(draw: Draw, { shape }: Tensor): Axes {
  const from = draw.below(shape.length + 1);
  return { from, to: from + draw.below(shape.length - from + 1) };
}

/** A place along axes for each run: u32, in range. */
function places(to: Tracing, draw: Draw, shape: readonly number[], axes: Axes): Tensor {
  const { reduced } = around(shape, axes);
  const state = to.state({
    shape: keptShape(shape, axes),
    dtype: 'u32',
    replicated: to.someReplicated(draw),
    kind: { below: reduced },
  });
  return to.call(read, to.graph, state);
}

/** Rows [k, P] with P divisible by 4. */
function rowsOfFours(to: Tracing, draw: Draw): Tensor {
  const P = draw.of([4, 8, 12, 64, 132]);
  return to.like(draw, [draw.of([1, 2, 3, 5]), P]);
}

export const reductions: Readonly<Record<string, Step>> = {
  sum: (to, draw) => {
    const x = to.some(draw, [1, 2, 3]);
    if (draw.chance(15)) to.call(sum, x, undefined, { compensated: true });
    else to.call(sum, x, axesOf(draw, x));
  },
  mean: (to, draw) => {
    const x = to.some(draw, [1, 2, 3]);
    to.call(mean, x, axesOf(draw, x));
  },
  sumRows: (to, draw) => {
    const x = to.some(draw, [1, 2]);
    to.call(draw.chance(50) ? sumRows : rowSum, x);
  },
  variance: (to, draw) => {
    const x = to.some(draw, [1, 2, 3]);
    const axes = axesOf(draw, x);
    const unbiased = around(x.shape, axes).reduced > 1 && draw.chance(50);
    if (draw.chance(50)) to.call(variance, x, axes, { unbiased });
    else to.call(varianceAndMean, x, axes, { unbiased });
  },
  dot: (to, draw) => {
    const x = to.some(draw);
    to.call(dot, x, to.like(draw, x.shape));
  },
  normSq: (to, draw) => {
    to.call(normSq, to.some(draw));
  },
  max: (to, draw) => {
    const x = to.some(draw, [1, 2, 3]);
    to.call(draw.of([maxAndIndex, max, argmax] as (typeof maxAndIndex)[]), x, axesOf(draw, x));
  },
  pick: (to, draw) => {
    const x = to.some(draw, [1, 2, 3]);
    const axes = axesOf(draw, x);
    to.call(pick, x, places(to, draw, x.shape, axes), axes);
  },
  spread: (to, draw) => {
    const shape = to.shape(draw, [1, 2, 3]);
    const from = draw.below(shape.length);
    const axes = { from, to: from + 1 };
    to.call(spread, to.like(draw, keptShape(shape, axes)), places(to, draw, shape, axes), shape, axes);
  },
  dots: (to, draw) => {
    const rows = rowsOfFours(to, draw);
    to.call(dots, rows, to.like(draw, [rows.shape[1]!]));
  },
  combine: (to, draw) => {
    const rows = rowsOfFours(to, draw);
    const x = draw.chance(60) ? to.like(draw, [rows.shape[1]!]) : null;
    to.call(combine, x, rows, to.like(draw, [rows.shape[0]!]), draw.of([1, -1, 0.5]));
  },
  axpy: (to, draw) => {
    const v = to.like(draw, [draw.of([4, 64, 12])]);
    if (draw.chance(40)) to.call(scaleBy, to.like(draw, []), v, -1);
    else to.call(axpy, to.like(draw, []), v, to.like(draw, v.shape));
  },
  scaleToUnit: (to, draw) => {
    to.call(scaleToUnit, to.like(draw, [draw.of([4, 8, 64])]));
  },
  groupGram: (to, draw) => {
    const group = draw.of([1, 2, 3]);
    to.call(groupGram, to.like(draw, [group * draw.of([1, 2]), to.extent(draw)]), group);
  },
};
