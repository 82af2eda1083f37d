import type { ContourPanel, Panel } from '../../experiments/figure.ts';
import { contourFrame } from './drawContours.ts';
import { panelFrame } from './drawPanel.ts';
import type { Frame } from './frame.ts';

/** All that draws, which a page loads as one when it draws first. */
export { drawChart, drawFigure } from './drawFigure.ts';
export { drawHeatMap } from './drawHeatMap.ts';

/** Where the values of a chart stand in what `drawChart` draws. */
export function chartFrame(panel: Panel | ContourPanel, width: number): Frame {
  return 'grid' in panel ? contourFrame(panel, width) : panelFrame(panel, width);
}
