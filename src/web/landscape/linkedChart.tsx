import type { ComponentChildren } from 'preact';
import type { ContourPanel, Panel } from '../../experiments/figure.ts';
import type { Frame } from '../../present/figures/frame.ts';
import { formatNumber } from '../../present/formatNumber.ts';
import { Picture } from '../picture.tsx';
import { plotBox, toPixels, toPlace } from './chartScale.ts';
import type { Place } from './planeWeights.ts';

interface LinkedChartProps {
  panel: Panel | ContourPanel;
  /** What charts share: the place that is read, in units of the axes; a line without y. */
  cursor: { readonly x: number; readonly y?: number } | undefined;
  onCursor(place: Place | undefined): void;
  /** What else lies over the chart. */
  over?(frame: Frame): ComponentChildren;
}

/** A chart with the cursor that it shares with others. */
export function LinkedChart({ panel, cursor, onCursor, over }: LinkedChartProps) {
  return (
    <figure class="linked-chart">
      <figcaption>{panel.title}</figcaption>
      <Picture
        of={panel}
        draw={({ drawChart }, look) => drawChart(panel, look)}
        over={({ chartFrame }, look) => {
          const frame = chartFrame(panel, look.width);
          return (
            // biome-ignore lint/a11y/noSvgWithoutTitle: the picture below says what it is
            <svg
              class="over"
              width={frame.width}
              height={frame.height}
              aria-hidden={over ? undefined : 'true'}
              onPointerMove={(event) => {
                const box = event.currentTarget.getBoundingClientRect();
                onCursor(toPlace(frame, [event.clientX - box.left, event.clientY - box.top]));
              }}
              onPointerLeave={() => onCursor(undefined)}
            >
              {cursor && <Cursor frame={frame} at={cursor} />}
              {over?.(frame)}
            </svg>
          );
        }}
      />
    </figure>
  );
}

function Cursor({ frame, at }: { frame: Frame; at: { readonly x: number; readonly y?: number } }) {
  const { left, top, width, height } = plotBox(frame);
  const [x, y] = toPixels(frame, [at.x, at.y ?? frame.y.range[0]]);
  return (
    <g class="cursor">
      <line x1={x} x2={x} y1={top} y2={top + height} />
      {at.y !== undefined && <line x1={left} x2={left + width} y1={y} y2={y} />}
    </g>
  );
}

interface ReadoutProps {
  /** What is read where. */
  values: readonly (readonly [name: string, value: number | null])[] | undefined;
  empty: string;
}

/** What the cursor reads. */
export function Readout({ values, empty }: ReadoutProps) {
  return (
    <p class="readout">
      {values ? (
        values.map(([name, value]) => (
          <span key={name}>
            {name} {formatNumber(value)}
          </span>
        ))
      ) : (
        <span class="empty">{empty}</span>
      )}
    </p>
  );
}
