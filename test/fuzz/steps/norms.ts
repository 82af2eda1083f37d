import type { Tensor } from '../../../src/ops/graph.ts';
import {
  axisOneView,
  type ChannelView,
  channelDot,
  channelSum,
  normalize,
  normalizeTangent,
  placesView,
  rowsView,
  scaleShift,
  standardize,
} from '../../../src/ops/index.ts';
import type { Draw } from '../draw.ts';
import type { Tracing } from '../tracing.ts';
import type { Step } from './step.ts';

function viewed(
  to: Tracing,
  draw: Draw,
): { x: Tensor; view: ChannelView; kind: 'channels' | 'rows' | 'places' } {
  const x = to.some(draw, [2, 3]);
  const kind = draw.of(['channels', 'rows', 'places'] as const);
  const view = { channels: axisOneView(x.shape), rows: rowsView(x.shape, 1), places: placesView(x.shape, 1) };
  return { x, view: view[kind], kind };
}

export const norms: Readonly<Record<string, Step>> = {
  channelDot: (to, draw) => {
    const { x, view } = viewed(to, draw);
    to.call(channelDot, x, to.like(draw, x.shape), view);
  },
  channelSum: (to, draw) => {
    const { x, view } = viewed(to, draw);
    to.call(channelSum, x, view);
  },
  scaleShift: (to, draw) => {
    const { x, view } = viewed(to, draw);
    const b = draw.chance(50) ? to.like(draw, [view.channels]) : null;
    to.call(scaleShift, x, to.like(draw, [view.channels]), b, view);
  },
  standardize: (to, draw) => {
    const { x, view } = viewed(to, draw);
    const mean = to.like(draw, [view.channels]);
    const y = to.call(standardize, x, mean, to.like(draw, [view.channels]), view);
    if (draw.chance(50)) to.call(scaleShift, y, to.like(draw, [view.channels]), null, view);
  },
  /** With the weight and bias that the compiler fuses: one a channel, or one a place in it. */
  normalize: (to, draw) => {
    const { x, view, kind } = viewed(to, draw);
    const { y } = to.call(normalize, x, view, draw.of([1e-5, 1e-3, 0.5]));
    if (draw.chance(30)) return;
    const affine = kind === 'rows' && draw.chance(70) ? placesView(x.shape, 1) : view;
    const b = draw.chance(60) ? to.like(draw, [affine.channels]) : null;
    to.call(scaleShift, y, to.like(draw, [affine.channels]), b, affine);
  },
  normalizeTangent: (to, draw) => {
    const { x, view } = viewed(to, draw);
    to.call(normalizeTangent, x, to.like(draw, x.shape), to.like(draw, [view.channels]), view);
  },
};
