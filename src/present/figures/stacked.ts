import type { Look } from './look.ts';
import { svgElement } from './svgElement.ts';

/** Drawings one below the other as one picture, which a reader of the screen has as its label. */
export function stacked(
  drawings: readonly (SVGSVGElement | undefined)[],
  { document, width }: Look,
  { label }: { readonly label: string },
): SVGSVGElement {
  let height = 0;
  const placed = drawings.filter((drawing) => drawing !== undefined);
  for (const drawing of placed) {
    drawing.setAttribute('y', `${height}`);
    height += Number(drawing.getAttribute('height'));
  }
  return svgElement(
    document,
    'svg',
    {
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-label': label,
      'font-family': 'system-ui, sans-serif',
    },
    placed,
  );
}
