import type { Frame } from '../../present/figures/frame.ts';
import type { Place } from './planeWeights.ts';

/** The box that a chart's values are drawn in. */
export interface PlotBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export function plotBox({ margins, width, height }: Frame): PlotBox {
  return {
    left: margins.marginLeft,
    top: margins.marginTop,
    width: width - margins.marginLeft - margins.marginRight,
    height: height - margins.marginTop - margins.marginBottom,
  };
}

/** Where a place of the axes is in the picture, in pixels. */
export function toPixels(frame: Frame, [x, y]: Place): Place {
  const box = plotBox(frame);
  return [box.left + frame.x.share(x) * box.width, box.top + (1 - frame.y.share(y)) * box.height];
}

/** What place of the axes a pixel shows; the nearest one within them where it lies beside. */
export function toPlace(frame: Frame, [px, py]: Place): Place {
  const box = plotBox(frame);
  const share = (value: number): number => Math.min(1, Math.max(0, value));
  return [frame.x.at(share((px - box.left) / box.width)), frame.y.at(share(1 - (py - box.top) / box.height))];
}

/** The index of the value that is nearest. */
export function nearest(values: readonly number[], value: number): number {
  return values.reduce(
    (best, each, i) => (Math.abs(each - value) < Math.abs(values[best]! - value) ? i : best),
    0,
  );
}
