import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { formatCount, formatNumber } from '../jobs/formatNumber.ts';
import type { Quantity } from '../jobs/quantities.ts';
import { chartOptions } from './chartOptions.ts';
import { Explanation, Formula } from './explanation.tsx';
import type { Recording } from './recording.ts';
import { smooth } from './smooth.ts';
import { Swatch } from './swatch.tsx';

interface ChartProps {
  quantity: Quantity;
  recording: Recording | undefined;
  /** Another number whenever there is something new to draw. */
  version: number;
  /** Readings that a running mean spans; 0 for none. */
  smoothing: number;
  hidden: ReadonlySet<number>;
  /** 'light' or 'dark': the canvas is drawn anew when it changes. */
  theme: string;
}

const HEIGHT = 220;
const NO_LIMITS: readonly [number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
/** How far beyond the running means a logarithmic axis goes for single readings, as a factor. */
const STRAY = 4;
/** Curves whose numbers are listed under a chart. */
const MOST_LISTED = 6;

/** One quantity over the steps, a curve for each replica, and its numbers at the cursor or at the end. */
export function Chart({ quantity, recording, version, smoothing, hidden, theme }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const zoomed = useRef(false);
  const limits = useRef(NO_LIMITS);
  const [log, setLog] = useState(quantity.log);
  const [cursor, setCursor] = useState<number>();
  const smoothed = smoothing > 0 && quantity.scatters;
  const replicas = recording?.replicas.length ?? 1;

  const curves = useMemo(() => {
    const table = recording?.table(quantity);
    const raw = table?.columns(quantity.id) ?? [];
    return { table, raw, means: smoothed ? raw.map((values) => smooth(values, smoothing)) : raw };
  }, [recording, quantity, version, smoothed, smoothing]);

  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    zoomed.current = false;
    const chart = new uPlot(
      chartOptions({
        quantity,
        replicas,
        log,
        smoothed,
        width: element.clientWidth,
        height: HEIGHT,
        lastStep: () => recording?.lastStep ?? 1,
        limits: () => limits.current,
        onCursor: setCursor,
        onZoom: () => {
          zoomed.current = true;
        },
      }),
      [[], ...Array.from({ length: replicas * (smoothed ? 2 : 1) }, () => [])],
      element,
    );
    plot.current = chart;
    const release = () => {
      zoomed.current = false;
    };
    chart.over.addEventListener('dblclick', release);
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) chart.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [quantity, recording, replicas, log, smoothed, theme]);

  useLayoutEffect(() => {
    const chart = plot.current;
    if (!chart) return;
    const drawable = (values: readonly (number | null)[], replica: number) =>
      hidden.has(replica)
        ? values.map(() => null)
        : log
          ? values.map((value) => (value !== null && value > 0 ? value : null))
          : (values as (number | null)[]);
    const { raw, means, table } = curves;
    const columns = smoothed ? [...raw.map(drawable), ...means.map(drawable)] : raw.map(drawable);
    const data = [table?.steps ?? [], ...columns] as uPlot.AlignedData;
    if (data.length !== chart.series.length) return;
    limits.current = smoothed && log ? around(means) : NO_LIMITS;
    const { min, max } = chart.scales.x ?? {};
    chart.setData(data, !zoomed.current);
    if (zoomed.current && min !== undefined && max !== undefined && min !== null && max !== null) {
      chart.setScale('x', { min, max });
    }
  }, [curves, hidden, log, smoothed, replicas, theme, recording]);

  useEffect(() => setLog(quantity.log), [quantity]);

  const { table, means } = curves;
  const row = cursor ?? (table && table.steps.length > 0 ? table.steps.length - 1 : undefined);
  const step = row === undefined ? undefined : table?.steps[row];
  const ended = (replica: number) =>
    (step ?? 0) > (recording?.diverged.get(replica)?.step ?? Number.POSITIVE_INFINITY);
  const shown = means.flatMap((values, replica) =>
    hidden.has(replica) ? [] : [{ replica, value: ended(replica) ? null : latest(values, row) }],
  );
  const summary = shown.map(
    ({ replica, value }) => `${recording?.replicas[replica]}: ${show(quantity, value)}`,
  );
  const title = `chart-${quantity.id}`;
  return (
    <figure class="chart" data-quantity={quantity.id} aria-labelledby={title}>
      <figcaption>
        <h3 id={title}>
          {quantity.symbol === quantity.name ? (
            quantity.name
          ) : (
            <>
              <Formula text={quantity.symbol} />
              <span class="name">{quantity.name}</span>
            </>
          )}
        </h3>
        <Explanation quantity={quantity} />
        <label class="log">
          <input type="checkbox" checked={log} onChange={(event) => setLog(event.currentTarget.checked)} />
          log<span class="visually-hidden"> axis of {quantity.name}</span>
        </label>
      </figcaption>
      <div
        class="plot"
        ref={place}
        role="img"
        aria-label={`${quantity.name} over steps. ${summary.length > 0 ? `Latest: ${summary.join('; ')}` : 'No readings yet'}.`}
      />
      <p class="readout">
        {step === undefined || shown.length === 0 ? (
          <span class="empty">no readings yet</span>
        ) : (
          <>
            <span class="step">step {formatCount(step)}</span>
            {shown.slice(0, MOST_LISTED).map(({ replica, value }) => (
              <span key={replica} class="value">
                <Swatch replica={replica} />
                {show(quantity, value)}
              </span>
            ))}
            {shown.length > MOST_LISTED && <span class="empty">and {shown.length - MOST_LISTED} more</span>}
          </>
        )}
        {table && table.thinnedTo > 0 && (
          <span class="empty" title="All readings are kept for the export.">
            drawn about every {formatCount(table.thinnedTo)} steps
          </span>
        )}
      </p>
    </figure>
  );
}

function around(curves: readonly (readonly (number | null)[])[]): readonly [number, number] {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const curve of curves) {
    for (const value of curve) {
      if (value === null || value <= 0) continue;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  return most > 0 ? [least / STRAY, most * STRAY] : NO_LIMITS;
}

/** The value at a row, or the last one before it. */
function latest(values: readonly (number | null)[], row: number | undefined): number | null {
  for (let index = Math.min(row ?? -1, values.length - 1); index >= 0; index--) {
    const value = values[index];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}

function show({ id }: Quantity, value: number | null): string {
  if (id === 'accuracy' && value !== null) return `${(100 * value).toFixed(2)} %`;
  return formatNumber(value);
}
