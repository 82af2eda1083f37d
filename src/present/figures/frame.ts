import type { axisMargins } from './axisMarks.ts';
import type { AxisScale } from './axisScale.ts';

/** Where a chart's values stand in its picture, in pixels. */
export interface Frame {
  readonly x: AxisScale;
  readonly y: AxisScale;
  readonly margins: ReturnType<typeof axisMargins>;
  readonly width: number;
  /** Without a legend. */
  readonly height: number;
}
