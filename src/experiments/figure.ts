import type { Effect, Interval } from '../measure/statistics/interval.ts';

/** What an axis shows: its quantity, with the unit where it has one. */
export interface Axis {
  readonly label: string;
  readonly log?: boolean;
  /** Its ends; where left out, those of what is drawn, with some room. */
  readonly range?: readonly [number, number];
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

/** How a curve looks where that says something; else its place among the names of its chart decides. */
export interface CurveLook {
  /** Curves of one number have one colour. */
  readonly colour?: number;
  readonly dashed?: boolean;
  /** One of many that are read together. */
  readonly faint?: boolean;
  /** Its points are marked, whatever their number. */
  readonly marked?: boolean;
}

/**
 * `line` and `dots` go through points; `area` lies between two curves; `band` is a range of y over all x, where values are as they
 * should be. What is `right` is read at the right axis.
 */
export type FigureMark =
  | {
      readonly mark: 'line' | 'dots';
      readonly name: string;
      readonly points: readonly FigurePoint[];
      readonly look?: CurveLook;
      readonly right?: boolean;
    }
  | {
      readonly mark: 'area';
      readonly name: string;
      readonly points: readonly { readonly x: number; readonly range: readonly [number, number] }[];
      readonly look?: CurveLook;
    }
  | { readonly mark: 'band'; readonly name: string; readonly range: readonly [number, number] };

/** One chart. Marks of one name have one colour. */
export interface Panel extends Axes {
  readonly title: string;
  /** A second axis for y. */
  readonly right?: Axis;
  readonly marks: readonly FigureMark[];
}

/** Values over a grid, as levels; and named points among them. */
export interface ContourPanel extends Axes {
  readonly title: string;
  /** The grid's coordinates, ascending and evenly spaced. */
  readonly grid: { readonly x: readonly number[]; readonly y: readonly number[] };
  /** What is levelled, with its unit; a logarithm where levels are to be as many times one another. Of one range, charts have the same levels. */
  readonly quantity: Axis;
  /** By row of y: `[y][x]`; null where there is no value, above all levels. */
  readonly values: readonly (readonly (number | null)[])[];
  readonly points: readonly NamedPoint[];
  /** Points in their order, joined by lines; small, and without names but those of `points`. */
  readonly paths?: readonly (readonly NamedPoint[])[];
}

/** A place on a chart. */
export interface NamedPoint {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** A figure as data: charts side by side, drawn alike wherever it is shown. */
export interface Figure<Chart extends Panel | ContourPanel = Panel> {
  readonly caption: string;
  readonly panels: readonly Chart[];
}

/** Numbers that are read rather than seen. null is shown as missing. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | Effect | null)[])[];
}
