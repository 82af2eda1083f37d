import type { Effect, Interval } from '../measure/statistics/interval.ts';

/** What an axis shows: its quantity, with the unit where it has one. */
export interface Axis {
  readonly label: string;
  readonly log?: boolean;
}

/** Both axes of a chart. */
export interface Axes {
  readonly x: Axis;
  readonly y: Axis;
}

/** A point of a curve; without a number for y there is nothing to draw there. */
export interface FigurePoint {
  readonly x: number;
  readonly y: number | null;
  /** Of y: a whisker, to the edge of the chart where an end is open. */
  readonly interval?: Interval;
}

/** `line` and `dots` go through points; `band` is a range of y over all x, where values are as they should be. */
export type FigureMark =
  | { readonly mark: 'line' | 'dots'; readonly name: string; readonly points: readonly FigurePoint[] }
  | { readonly mark: 'band'; readonly name: string; readonly range: readonly [number, number] };

/** One chart. Marks of one name have one colour. */
export interface Panel extends Axes {
  readonly title: string;
  readonly marks: readonly FigureMark[];
}

/** A figure as data: charts side by side, drawn alike wherever it is shown. */
export interface Figure {
  readonly caption: string;
  readonly panels: readonly Panel[];
}

/** Numbers that are read rather than seen. null is shown as missing. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | Effect | null)[])[];
}
