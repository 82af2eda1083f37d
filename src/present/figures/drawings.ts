/** All that draws, which a page loads as one when it draws first. */
export { drawChart, drawFigure } from './drawFigure.ts';
export { drawHeatMap } from './drawHeatMap.ts';
