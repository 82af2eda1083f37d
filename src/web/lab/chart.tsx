import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { Interval } from '../../measure/statistics/interval.ts';
import { formatEstimate } from '../../present/formatInterval.ts';
import { formatCount } from '../../present/formatNumber.ts';
import type { Quantity } from '../../present/quantities.ts';
import { Formula } from '../formula.tsx';
import { chartOptions, themeColour, type XRange } from './chartOptions.ts';
import type { Band } from './drawBand.ts';
import { Explanation } from './explanation.tsx';
import { groupCurves } from './groupCurves.ts';
import type { Recording } from './recording.ts';
import { sentenceOf } from './sentences.ts';
import { smooth } from './smooth.ts';
import { Swatch } from './swatch.tsx';
import { linearUpTo, usualScale, VALUE_SCALES, type ValueScale } from './valueScale.ts';
import { lastX, markX, type XUnit, xValues } from './xUnits.ts';

interface ChartProps {
  quantity: Quantity;
  recording: Recording | undefined;
  /** The recording's: drawing what is drawn already would end a drag that is under way. */
  revision: number;
  /** Readings that a running mean spans; 0 for none, null for a share of the run. */
  smoothing: number | null;
  unit: XUnit;
  /** Groups that are not drawn. */
  hidden: ReadonlySet<number>;
  /** What is shown of the x-axis; null for all. */
  zoom: XRange | null;
  onZoom(range: XRange | null): void;
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
/** A running mean spans this part of the rows where nothing else is said, and so many at least. */
const SHARE = 1 / 40;
const LEAST_SPAN = 5;

/** One quantity over the run, a curve for each group of replicas, its numbers at the cursor or at the end, and what they say. */
export function Chart(props: ChartProps) {
  const { quantity, recording, revision, smoothing, unit, hidden, zoom, onZoom, theme } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const zoomed = useRef(zoom);
  zoomed.current = zoom;
  const limits = useRef(NO_LIMITS);
  const bands = useRef<readonly Band[]>([]);
  const [scale, setScale] = useState<ValueScale>(usualScale(quantity));
  const [cursor, setCursor] = useState<number>();
  const smoothed = smoothing !== 0 && quantity.scatters;
  const groups = recording?.groups.length ?? 1;
  const withBatchSize = quantity.id === 'bSimple';

  const curves = useMemo(() => {
    const table = recording?.table(quantity);
    if (!recording || !table) return { table, xs: [], raw: [], means: [], bands: [] };
    const goneAt = (replica: number): number => {
      const at = recording.diverged.get(replica)?.step ?? Number.POSITIVE_INFINITY;
      const row = table.steps.findIndex((step) => step >= at);
      return row < 0 ? Number.POSITIVE_INFINITY : row;
    };
    const own = groupCurves(
      recording.groups,
      table.columns(quantity.id),
      table.intervals(quantity.id),
      goneAt,
    );
    const span = smoothing ?? Math.max(LEAST_SPAN, Math.round(SHARE * table.steps.length));
    const raw = own.map(({ values }) => values);
    const means = smoothed ? raw.map((values) => smooth(values, span)) : raw;
    return { table, xs: xValues(unit, recording, table), raw, means, bands: own.map(({ band }) => band) };
  }, [recording, quantity, revision, smoothed, smoothing, unit]);

  const threshold = useMemo(() => (scale === 'symlog' ? linearUpTo(curves.raw) : 1), [scale, curves]);

  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    const chart = new uPlot(
      chartOptions({
        quantity,
        groups,
        scale,
        threshold,
        unit,
        smoothed,
        withBatchSize,
        width: element.clientWidth,
        height: HEIGHT,
        range: () => zoomed.current ?? [0, (recording && lastX(unit, recording)) || 1],
        limits: () => limits.current,
        bands: () => bands.current,
        empty: () => !recording || recording.table(quantity).steps.length === 0,
        marks: () =>
          recording?.marks().map((mark) => ({ ...mark, x: markX(unit, recording, mark.step) })) ?? [],
        onCursor: setCursor,
        onZoom,
      }),
      [[], ...Array.from({ length: groups * (smoothed ? 2 : 1) + (withBatchSize ? 1 : 0) }, () => [])],
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
  }, [quantity, recording, groups, scale, threshold, unit, smoothed, withBatchSize, theme, onZoom]);

  useLayoutEffect(() => {
    const chart = plot.current;
    if (!chart || !recording) return;
    const log = scale === 'log';
    const drawable = (values: readonly (number | null)[], group: number) =>
      hidden.has(group)
        ? values.map(() => null)
        : log
          ? values.map((value) => (value !== null && value > 0 ? value : null))
          : (values as (number | null)[]);
    const { raw, means, table, xs } = curves;
    const sizes = withBatchSize ? [table!.steps.map((step) => recording.batchSizeAt(step))] : [];
    const columns = smoothed ? [...raw.map(drawable), ...means.map(drawable)] : raw.map(drawable);
    const data = [xs, ...sizes, ...columns] as uPlot.AlignedData;
    if (data.length !== chart.series.length) return;
    // A group that diverged leaves the others their scale.
    const healthy = (_: unknown, group: number) =>
      !hidden.has(group) &&
      !recording.groups[group]!.replicas.some((replica) => recording.diverged.has(replica));
    const strayed =
      smoothed && log ? extent(means.filter(healthy), { positive: true, stray: STRAY }) : NO_LIMITS;
    const reached = recording.diverged.size
      ? extent(raw.filter(healthy), { positive: log, stray: 1 })
      : NO_LIMITS;
    bands.current = curves.bands.flatMap((intervals, group) =>
      hidden.has(group) || intervals.length === 0
        ? []
        : [{ colour: themeColour(`--curve-${group % 8}`), xs, intervals }],
    );
    limits.current = [Math.max(strayed[0], reached[0]), Math.min(strayed[1], reached[1])];
    chart.setData(data, true);
  }, [curves, hidden, scale, threshold, smoothed, theme, recording, zoom, withBatchSize]);

  useEffect(() => setScale(usualScale(quantity)), [quantity]);

  const { table, means } = curves;
  const row = cursor ?? (table && table.steps.length > 0 ? table.steps.length - 1 : undefined);
  const step = row === undefined ? undefined : table?.steps[row];
  const ended = (group: number) =>
    recording!.groups[group]!.replicas.every(
      (replica) => (step ?? 0) > (recording!.diverged.get(replica)?.step ?? Number.POSITIVE_INFINITY),
    );
  const shown = means.flatMap((values, group) =>
    hidden.has(group)
      ? []
      : [
          {
            group,
            // At this very step: an older value is not shown as the newest.
            text:
              row === undefined || ended(group)
                ? '–'
                : show(quantity, values[row] ?? null, curves.bands[group]?.[row], {
                    several: recording!.groups[group]!.replicas.length > 1,
                  }),
          },
        ],
  );
  const summary = shown.map(({ group, text }) => `${recording!.groups[group]!.label}: ${text}`);
  const title = `chart-${quantity.id}`;
  const missing = recording?.missing(quantity);
  const sentence = missing === undefined && recording ? sentenceOf(quantity, recording, hidden) : null;
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
        <select
          class="scale"
          aria-label={`Axis of ${quantity.name}`}
          value={scale}
          onInput={({ currentTarget }) => setScale(currentTarget.value as ValueScale)}
        >
          {VALUE_SCALES.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      </figcaption>
      {missing !== undefined && <p class="missing">{missing}</p>}
      <div
        class="plot"
        ref={place}
        role="img"
        aria-label={`${quantity.name} over ${unit}. ${summary.length > 0 ? `Latest: ${summary.join('; ')}` : 'No readings yet'}.`}
      />
      <p class="readout">
        {step === undefined || shown.length === 0 ? (
          <span class="empty">no readings yet</span>
        ) : (
          <>
            <span class="step">step {formatCount(step)}</span>
            {shown.slice(0, MOST_LISTED).map(({ group, text }) => (
              <span key={group} class="value">
                <Swatch group={group} />
                {text}
              </span>
            ))}
            {shown.length > MOST_LISTED && <span class="empty">and {shown.length - MOST_LISTED} more</span>}
            {withBatchSize && (
              <span class="batch-size">dotted: B = {formatCount(recording!.batchSizeAt(step))}</span>
            )}
          </>
        )}
        {table && table.thinnedTo > 0 && (
          <span class="empty" title="All readings are kept for the export.">
            drawn about every {formatCount(table.thinnedTo)} steps
          </span>
        )}
      </p>
      <p class="sentence">{sentence}</p>
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

/** @param of several replicas the interval is the standard error of their mean, not that of an estimate */
function show(
  { id }: Quantity,
  value: number | null,
  interval: Interval | null | undefined,
  { several }: { readonly several: boolean },
): string {
  if (!several) return id === 'accuracy' ? percent(value) : formatEstimate(value, interval);
  const [low, high] = interval ?? [null, null];
  const error = low === null || high === null ? undefined : (high - low) / 2;
  if (id === 'accuracy')
    return `${percent(value)}${error === undefined ? '' : ` ± ${(100 * error).toFixed(2)}`}`;
  return `${formatEstimate(value, null)}${error === undefined ? '' : ` ± ${formatEstimate(error, null)}`}`;
}

function percent(value: number | null): string {
  return value === null ? formatEstimate(null, null) : `${(100 * value).toFixed(2)} %`;
}
