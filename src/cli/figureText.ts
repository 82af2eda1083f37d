// The build that needs no `canvas`: of the other one, Vite makes an error at load where that package is not installed.
import { parseHTML } from 'linkedom/worker';
import type { ContourPanel, Figure, Panel } from '../experiments/figure.ts';
import { drawChart, drawFigure } from '../present/figures/drawFigure.ts';
import { FILE_LOOK } from '../present/figures/look.ts';
import { svgText } from '../present/figures/svgText.ts';

/**
 * A figure as the text of an SVG file. This module, with the library that draws and its DOM, is a file of its own beside the command
 * line's, read by the runs that draw (build/bundles.ts).
 */
export function figureText(figure: Figure<Panel | ContourPanel>): string {
  const { document } = parseHTML('<html></html>') as unknown as { document: Document };
  return svgText(drawFigure(figure, { ...FILE_LOOK, document }));
}

/** Each chart of a figure as an element for a page, without its title: a page lays them out as it has room. */
export function chartTexts({ panels }: Figure<Panel | ContourPanel>, width: number): string[] {
  const { document } = parseHTML('<html></html>') as unknown as { document: Document };
  return panels.map((panel) => svgText(drawChart(panel, { ...FILE_LOOK, width, document })).trim());
}
