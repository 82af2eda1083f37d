import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Look } from '../present/figures/look.ts';
import { useTheme } from './useTheme.ts';
import { useWidth } from './useWidth.ts';

/** What draws figures; loaded with the first one, the plotting library with it. */
export type Drawing = typeof import('../present/figures/drawings.ts');

interface PictureProps {
  /** Drawn anew where this is another, or the theme or the width is. */
  of: unknown;
  draw(drawing: Drawing, look: Look): SVGSVGElement;
  /** What lies over it. */
  over?(drawing: Drawing, look: Look): ComponentChildren;
}

/** No chart has room in less, in pixels; a place is so narrow only while the page is laid out anew. */
const LEAST_WIDTH = 160;

/** A picture of a figure, as wide as its place. */
export function Picture({ of, draw, over }: PictureProps) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const theme = useTheme();
  const [drawing, setDrawing] = useState<Drawing>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    import('../present/figures/drawings.ts').then(setDrawing, ({ message }: Error) => setProblem(message));
  }, []);
  // Not by `draw`, which is another function at each render.
  useLayoutEffect(() => {
    if (drawing && width >= LEAST_WIDTH)
      place.current!.replaceChildren(draw(drawing, { document, theme, width }));
  }, [of, drawing, width, theme]);
  return (
    <div class="picture">
      {problem !== undefined && <p class="error">The figure cannot be drawn: {problem}</p>}
      <div class="drawing" ref={place} />
      {over && drawing && width >= LEAST_WIDTH && over(drawing, { document, theme, width })}
    </div>
  );
}
