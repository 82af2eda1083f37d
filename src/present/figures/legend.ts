import { dot, line, type Markish, plot, rect, text } from '@observablehq/plot';
import type { Panel } from '../../experiments/figure.ts';
import { bare } from './bare.ts';
import { curveNames, curveStyle, isMarked } from './curveStyle.ts';
import { type Look, PALETTES } from './look.ts';
import { TEXT_SIZE, textWidth } from './textWidth.ts';

/** Names that are listed. */
const MOST_LISTED = 8;
const LINE = 18;
const SAMPLE = 26;
const GAP = 16;

/** What the curves and bands of a chart are called, each with a piece of it; none where there is one curve only. */
export function legend(panel: Panel, look: Look): SVGSVGElement | undefined {
  const palette = PALETTES[look.theme];
  const names = curveNames(panel);
  const bands = panel.marks.filter(({ mark }) => mark === 'band').map(({ name }) => name);
  const curves = names.length > 1 || bands.length > 0 ? names : [];
  const rest = curves.length - MOST_LISTED;
  const entries = [...curves.slice(0, MOST_LISTED), ...(rest > 0 ? [`and ${rest} more`] : []), ...bands];
  if (entries.length === 0) return undefined;

  let [left, row] = [0, 0];
  const marks = entries.flatMap((name): Markish[] => {
    const width = SAMPLE + 6 + textWidth(name, TEXT_SIZE.label);
    if (left > 0 && left + width > look.width) [left, row] = [0, row + 1];
    const [x, y] = [left, row * LINE + LINE / 2];
    left += width + GAP;
    const label = text([name], {
      x: x + SAMPLE + 6,
      y,
      text: [name],
      textAnchor: 'start',
      fill: palette.text,
      fontSize: TEXT_SIZE.label,
    });
    return [...sample(panel, name, x, y, look), label];
  });
  const height = (row + 1) * LINE;
  return bare(
    plot({
      document: look.document,
      width: look.width,
      height,
      margin: 0,
      x: { axis: null, domain: [0, look.width], range: [0, look.width] },
      y: { axis: null, domain: [0, height], range: [0, height] },
      marks,
    }),
  );
}

function sample(panel: Panel, name: string, x: number, y: number, { theme }: Look): Markish[] {
  const palette = PALETTES[theme];
  return panel.marks
    .filter((mark, i) => mark.name === name && panel.marks.findIndex(same(mark)) === i)
    .flatMap((mark) => {
      if (mark.mark === 'band') return [box(x, y, palette.curves[2]!, 0.3)];
      const { colour, dash, symbol, fill, width, opacity } = curveStyle(
        curveNames(panel).indexOf(name),
        mark.look,
        palette,
      );
      if (mark.mark === 'area') return [box(x, y, colour, 0.25)];
      const ends = [
        [x, y],
        [x + SAMPLE, y],
      ] as const;
      return [
        ...(mark.mark === 'line'
          ? [
              line(ends, {
                stroke: colour,
                strokeWidth: width,
                strokeDasharray: dash,
                strokeOpacity: opacity,
              }),
            ]
          : []),
        ...(isMarked(mark) ? [dot([[x + SAMPLE / 2, y]], { symbol, fill, stroke: colour, r: 3 })] : []),
      ];
    });
}

/** Marks of one name and kind are shown once. */
const same =
  (mark: Panel['marks'][number]) =>
  (other: Panel['marks'][number]): boolean =>
    other.name === mark.name && other.mark === mark.mark;

function box(x: number, y: number, fill: string, fillOpacity: number): Markish {
  return rect([0], { x1: x, x2: x + SAMPLE, y1: y - 5, y2: y + 5, fill, fillOpacity });
}
