import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { Interval } from '../../measure/statistics/interval.ts';
import { formatEstimate } from '../../present/formatInterval.ts';
import { formatCount } from '../../present/formatNumber.ts';
import type { Quantity } from '../../present/quantities.ts';
import { Formula } from '../formula.tsx';
import { chartOptions, type StepRange, themeColour } from './chartOptions.ts';
import type { Band } from './drawBand.ts';
import { Explanation } from './explanation.tsx';
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
  /** The steps that are shown; null for all. */
  zoom: StepRange | null;
  onZoom(steps: StepRange | null): void;
  /** 'light' or 'dark': the canvas is drawn anew when it changes. */
  theme: string;
}

const HEIGHT = 220;
/** Beyond it uPlot finds no distance for an axis's labels, and no run comes back from there. */
const FARTHEST = 1e30;
const NO_LIMITS: readonly [number, number] = [-FARTHEST, FARTHEST];
/** How far beyond the running means a logarithmic axis goes for single readings, as a factor. */
const STRAY = 4;
/** Curves whose numbers are listed under a chart. */
const MOST_LISTED = 6;

/** One quantity over the steps, a curve for each replica, and its numbers at the cursor or at the end. */
export function Chart({ quantity, recording, version, smoothing, hidden, zoom, onZoom, theme }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const zoomed = useRef(zoom);
  zoomed.current = zoom;
  const limits = useRef(NO_LIMITS);
  const bands = useRef<readonly Band[]>([]);
  const [log, setLog] = useState(quantity.log);
  const [cursor, setCursor] = useState<number>();
  const smoothed = smoothing > 0 && quantity.scatters;
  const replicas = recording?.replicas.length ?? 1;

  const curves = useMemo(() => {
    const table = recording?.table(quantity);
    const raw = table?.columns(quantity.id) ?? [];
    const intervals = table?.intervals(quantity.id) ?? [];
    return { table, raw, intervals, means: smoothed ? raw.map((values) => smooth(values, smoothing)) : raw };
  }, [recording, quantity, version, smoothed, smoothing]);

  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    const chart = new uPlot(
      chartOptions({
        quantity,
        replicas,
        log,
        smoothed,
        width: element.clientWidth,
        height: HEIGHT,
        steps: () => zoomed.current ?? [0, Math.max(1, recording?.lastStep ?? 1)],
        limits: () => limits.current,
        bands: () => bands.current,
        marks: () => recording?.marks() ?? [],
        onCursor: setCursor,
        onZoom,
      }),
      [[], ...Array.from({ length: replicas * (smoothed ? 2 : 1) }, () => [])],
      element,
    );
    plot.current = chart;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) chart.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [quantity, recording, replicas, log, smoothed, theme, onZoom]);

  useLayoutEffect(() => {
    const chart = plot.current;
    if (!chart) return;
    const drawable = (values: readonly (number | null)[], replica: number) =>
      hidden.has(replica)
        ? values.map(() => null)
        : log
          ? values.map((value) => (value !== null && value > 0 ? value : null))
          : (values as (number | null)[]);
    const { raw, means, table, intervals } = curves;
    const columns = smoothed ? [...raw.map(drawable), ...means.map(drawable)] : raw.map(drawable);
    const data = [table?.steps ?? [], ...columns] as uPlot.AlignedData;
    if (data.length !== chart.series.length) return;
    // A replica that diverged leaves the others their scale.
    const healthy = (_: unknown, replica: number) =>
      !hidden.has(replica) && !recording?.diverged.has(replica);
    const strayed =
      smoothed && log ? extent(means.filter(healthy), { positive: true, stray: STRAY }) : NO_LIMITS;
    const reached = recording?.diverged.size
      ? extent(raw.filter(healthy), { positive: log, stray: 1 })
      : NO_LIMITS;
    bands.current = intervals.flatMap((rows, replica) =>
      hidden.has(replica)
        ? []
        : [{ colour: themeColour(`--curve-${replica % 8}`), steps: table!.steps, intervals: rows }],
    );
    limits.current = [Math.max(strayed[0], reached[0]), Math.min(strayed[1], reached[1])];
    chart.setData(data, true);
  }, [curves, hidden, log, smoothed, replicas, theme, recording, zoom]);

  useEffect(() => setLog(quantity.log), [quantity]);

  const { table, means, intervals } = curves;
  const row = cursor ?? (table && table.steps.length > 0 ? table.steps.length - 1 : undefined);
  const step = row === undefined ? undefined : table?.steps[row];
  const ended = (replica: number) =>
    (step ?? 0) > (recording?.diverged.get(replica)?.step ?? Number.POSITIVE_INFINITY);
  const shown = means.flatMap((values, replica) =>
    hidden.has(replica)
      ? []
      : [
          {
            replica,
            // At this very step: an older value is not shown as the newest.
            text:
              row === undefined || ended(replica)
                ? '–'
                : show(quantity, values[row] ?? null, intervals[replica]?.[row]),
          },
        ],
  );
  const summary = shown.map(({ replica, text }) => `${recording?.replicas[replica]}: ${text}`);
  const title = `chart-${quantity.id}`;
  const missing = recording?.missing(quantity);
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
      {missing !== undefined && <p class="missing">{missing}</p>}
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
            {shown.slice(0, MOST_LISTED).map(({ replica, text }) => (
              <span key={replica} class="value">
                <Swatch replica={replica} />
                {text}
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

/**
 * The least and the most of curves.
 * @param positive what is not above 0 is left out
 * @param stray factor by which single readings may lie outside
 */
function extent(
  curves: readonly (readonly (number | null)[])[],
  { positive, stray }: { readonly positive: boolean; readonly stray: number },
): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const curve of curves) {
    for (const value of curve) {
      if (value === null || (positive && value <= 0)) continue;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  if (least > most) return NO_LIMITS;
  return [Math.max(-FARTHEST, least / stray), Math.min(FARTHEST, most * stray)];
}

function show({ id }: Quantity, value: number | null, interval: Interval | null | undefined): string {
  if (id === 'accuracy' && value !== null) return `${(100 * value).toFixed(2)} %`;
  return formatEstimate(value, interval);
}
