import type { PlaneResult } from '../../measure/landscape/landscapeResult.ts';
import type { PlaneLook } from '../../present/figures/planeFigure.ts';
import { firstSlice, type Slice, within } from './slice.ts';

type Values = Readonly<Record<string, string>>;

/** How a plane is shown, by the page's address. */
export function viewOf({ beside }: Values): Pick<PlaneLook, 'beside'> {
  return { beside: beside === 'loss' ? 'loss' : 'error' };
}

/** The slice that the address names, within the plane; the first one where it names none. */
export function readSlice({ slice = '' }: Values, plane: PlaneResult): Slice {
  const numbers = slice.split(',').map(Number);
  if (numbers.length !== 4 || slice === '' || !numbers.every(Number.isFinite)) return firstSlice(plane);
  const [x1, y1, x2, y2] = numbers as [number, number, number, number];
  return within(plane, { from: [x1, y1], to: [x2, y2] });
}

/** Digits that place a slice to a thousandth of a plane's extent, whatever its units. */
const DIGITS = 5;

export function sliceText({ from, to }: Slice): string {
  return [...from, ...to].map((value) => Number(value.toPrecision(DIGITS))).join(',');
}
