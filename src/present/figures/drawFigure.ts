import type { ContourPanel, Figure, Panel } from '../../experiments/figure.ts';
import { drawContours } from './drawContours.ts';
import { drawPanel } from './drawPanel.ts';
import { type Look, PALETTES } from './look.ts';
import { svgElement } from './svgElement.ts';
import { TEXT_SIZE, wrapText } from './textWidth.ts';

const EDGE = 12;
const GAP = 20;
const LINE = 18;
/** A chart is no narrower than this where there is room for several. */
const LEAST_WIDTH = 300;

/** A whole figure as one picture: its caption, charts side by side as far as there is room, their titles. */
export function drawFigure({ caption, panels }: Figure<Panel | ContourPanel>, look: Look): SVGSVGElement {
  const { document, width } = look;
  const palette = PALETTES[look.theme];
  const room = width - 2 * EDGE;
  const columns = Math.max(1, Math.min(panels.length, 2, Math.floor((room + GAP) / (LEAST_WIDTH + GAP))));
  const own = { ...look, width: (room - (columns - 1) * GAP) / columns };
  const parts: Element[] = [];
  const write = (content: string, x: number, y: number, size: number, weight: number) =>
    parts.push(
      svgElement(document, 'text', { x, y, fill: palette.text, 'font-size': size, 'font-weight': weight }, [
        content,
      ]),
    );
  let y = EDGE;
  for (const line of wrapText(caption, TEXT_SIZE.title, room)) {
    write(line, EDGE, y + TEXT_SIZE.title, TEXT_SIZE.title, 600);
    y += LINE;
  }
  for (let first = 0; first < panels.length; first += columns) {
    const row = panels.slice(first, first + columns);
    y += EDGE;
    row.forEach(({ title }, i) => {
      write(title, EDGE + i * (own.width + GAP), y + TEXT_SIZE.label, TEXT_SIZE.label, 600);
    });
    y += LINE;
    const drawings = row.map((panel) => drawChart(panel, own));
    drawings.forEach((drawing, i) => {
      drawing.setAttribute('x', `${EDGE + i * (own.width + GAP)}`);
      drawing.setAttribute('y', `${y}`);
      parts.push(drawing);
    });
    y += Math.max(...drawings.map((drawing) => Number(drawing.getAttribute('height'))));
  }
  const height = y + EDGE;
  const described = parts.flatMap((part) => part.getAttribute('aria-label') ?? []).join('. ');
  for (const part of parts) {
    part.removeAttribute('role');
    part.removeAttribute('aria-label');
  }
  return svgElement(
    document,
    'svg',
    { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'font-family': 'system-ui, sans-serif' },
    [
      svgElement(document, 'title', {}, [caption]),
      svgElement(document, 'desc', {}, [described]),
      svgElement(document, 'rect', { width, height, fill: palette.card }),
      ...parts,
    ],
  );
}

/** One chart of a figure, without its title. */
export function drawChart(panel: Panel | ContourPanel, look: Look): SVGSVGElement {
  return 'grid' in panel ? drawContours(panel, look) : drawPanel(panel, look);
}
