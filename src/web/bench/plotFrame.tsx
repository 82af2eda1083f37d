import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { download } from '../download.ts';
import { ScrollRegion } from '../scrollRegion.tsx';
import { useWidth } from '../useWidth.ts';
import { pngOf, svgText } from './chartImage.ts';

interface FrameProps {
  id: string;
  title: string;
  /** Beside the title. */
  tools?: ComponentChildren;
  /** Nothing to draw yet: this is said instead. */
  empty: string | undefined;
  /** Draws an `<svg>` of this width. */
  draw(width: number): ComponentChildren;
  /** The same numbers in a `<table>`. */
  table?: ComponentChildren;
  children?: ComponentChildren;
}

/** A chart with its title, its files, and its numbers as a table. */
export function PlotFrame({ id, title, tools, empty, draw, table, children }: FrameProps) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const drawing = () => place.current?.querySelector('svg');
  const heading = `plot-title-${id}`;
  return (
    <figure class="chart plot-frame" aria-labelledby={heading}>
      <figcaption>
        <h3 id={heading}>{title}</h3>
        {tools}
        <div class="files">
          <button
            type="button"
            disabled={empty !== undefined}
            aria-label={`Save ${title} as SVG`}
            onClick={() => {
              const svg = drawing();
              if (svg) download(`basin-${id}.svg`, 'image/svg+xml', svgText(svg));
            }}
          >
            SVG
          </button>
          <button
            type="button"
            disabled={empty !== undefined}
            aria-label={`Save ${title} as PNG`}
            onClick={async () => {
              const svg = drawing();
              if (svg) download(`basin-${id}.png`, 'image/png', await pngOf(svg));
            }}
          >
            PNG
          </button>
        </div>
      </figcaption>
      <div class="drawing" ref={place}>
        {empty !== undefined ? <p class="empty">{empty}</p> : width > 0 && draw(width)}
      </div>
      {children}
      {table && empty === undefined && (
        <details class="equivalent">
          <summary>The same as a table</summary>
          <ScrollRegion label={`${title} as a table`} look="equivalent-table">
            {table}
          </ScrollRegion>
        </details>
      )}
    </figure>
  );
}
