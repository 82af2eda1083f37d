import type { CurveLook, FigureMark, Panel } from '../../experiments/figure.ts';
import type { Palette } from './look.ts';

/** How a curve is drawn; told apart without its colour by its dashes, and its points by their shape. */
export interface CurveStyle {
  readonly colour: string;
  readonly dash: string | undefined;
  readonly symbol: 'circle' | 'square' | 'triangle' | 'diamond2' | 'star' | 'wye' | 'cross' | 'times';
  /** What its points are filled with: their own colour, or the ground where a curve of their colour has others. */
  readonly fill: string;
  readonly width: number;
  readonly opacity: number;
}

const DASHES = [undefined, '7 4', '2 3', '9 3 2 3'];
const SYMBOLS = ['circle', 'square', 'triangle', 'diamond2', 'star', 'wye', 'cross', 'times'] as const;

/** @param place of the curve's name among those of its chart */
export function curveStyle(place: number, look: CurveLook | undefined, palette: Palette): CurveStyle {
  const colour = look?.colour ?? place;
  const own = palette.curves[colour % palette.curves.length]!;
  const dash = look?.colour === undefined && look?.dashed === undefined ? place : look.dashed ? 1 : 0;
  return {
    colour: own,
    fill: look?.colour !== undefined && look.dashed ? palette.card : own,
    dash: DASHES[dash % DASHES.length],
    symbol: SYMBOLS[colour % SYMBOLS.length]!,
    width: look?.faint ? 1 : 2,
    opacity: look?.faint ? 0.55 : 1,
  };
}

/** The names of a chart's curves in their order: marks of one name have one style. */
export function curveNames({ marks }: Panel): string[] {
  return [...new Set(marks.flatMap((mark) => (mark.mark === 'band' ? [] : [mark.name])))];
}

/** Points up to which each of a line is marked. */
const MOST_MARKED = 16;

/** Whether a curve's points are marked, all of them. */
export function isMarked(mark: Extract<FigureMark, { mark: 'line' | 'dots' }>): boolean {
  if (mark.mark === 'dots') return true;
  return mark.look?.marked ?? (!mark.look?.faint && mark.points.length <= MOST_MARKED);
}
