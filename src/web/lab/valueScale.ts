import { axisRange, linearTicks, logTicks } from '../../present/axis.ts';
import type { Quantity } from '../../present/quantities.ts';

/** How values lie on their axis: `symlog` is linear around 0 and logarithmic on both sides of it. */
export const VALUE_SCALES = ['linear', 'log', 'symlog'] as const;
export type ValueScale = (typeof VALUE_SCALES)[number];

export function usualScale({ log, signed }: Quantity): ValueScale {
  return log ? (signed ? 'symlog' : 'log') : 'linear';
}

/** Up to which size values lie as on a linear axis: a power of ten at the small ones of them, no less than 10⁻⁶ of the largest. */
export function linearUpTo(curves: readonly (readonly (number | null)[])[]): number {
  const sizes = curves
    .flatMap((values) => values.flatMap((value) => (value === null || value === 0 ? [] : [Math.abs(value)])))
    .sort((a, b) => a - b);
  if (sizes.length === 0) return 1;
  const small = Math.max(sizes[Math.floor(sizes.length / 10)]!, sizes.at(-1)! * 1e-6);
  return 10 ** Math.floor(Math.log10(small));
}

/** The ends of an axis around what is drawn, with some room. @param threshold of a symlog axis */
export function scaleRange(
  least: number | null,
  most: number | null,
  scale: ValueScale,
  threshold: number,
): [number, number] {
  if (scale !== 'symlog' || least === null || most === null) return axisRange(least, most, scale === 'log');
  const [low, high] = axisRange(Math.asinh(least / threshold), Math.asinh(most / threshold), false);
  return [threshold * Math.sinh(low), threshold * Math.sinh(high)];
}

/** Where an axis has its labels. */
export function scaleTicks(least: number, most: number, scale: ValueScale, threshold: number): number[] {
  if (scale === 'log') return logTicks(least, most);
  if (scale === 'linear') return linearTicks(least, most, 5);
  return symlogTicks(least, most, threshold);
}

/** 0, and powers of ten on both sides of it, no more than there is room for. */
function symlogTicks(least: number, most: number, threshold: number): number[] {
  if (most - least < threshold) return linearTicks(least, most, 4);
  const powers = (until: number): number[] => {
    const found: number[] = [];
    for (let power = threshold; power <= until; power *= 10) found.push(Number(power.toPrecision(12)));
    return found;
  };
  const [up, down] = [powers(most), powers(-least)];
  const every = Math.max(1, Math.ceil((up.length + down.length) / 6));
  // From the outermost in.
  const thinned = (found: readonly number[]): number[] =>
    found.filter((_, i) => (found.length - 1 - i) % every === 0);
  const zero = least <= 0 && most >= 0 ? [0] : [];
  // Next to 0 there is no room for a label where the axis has many.
  const crowded = zero.length > 0 && up.length + down.length > 4;
  const clear = (found: readonly number[]): number[] =>
    thinned(found).filter((power) => !crowded || power > threshold);
  const ticks = [
    ...clear(down)
      .reverse()
      .map((power) => -power),
    ...zero,
    ...clear(up),
  ];
  return ticks.filter((tick) => tick >= least && tick <= most);
}
