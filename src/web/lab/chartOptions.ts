import type uPlot from 'uplot';
import { formatCount, formatNumber } from '../../present/formatNumber.ts';
import type { Quantity } from '../../present/quantities.ts';
import { type Band, bandExtent, drawBand } from './drawBand.ts';
import { drawMarks, type Mark } from './drawMarks.ts';
import { scaleRange, scaleTicks, type ValueScale } from './valueScale.ts';
import type { XUnit } from './xUnits.ts';

/** How the curve of a group looks: colours repeat after eight, dashed then. */
export function curveStyle(group: number): { colour: string; dash: number[] } {
  return { colour: `var(--curve-${group % 8})`, dash: group < 8 ? [] : [6, 4] };
}

/** A custom property of the page's theme, which a canvas cannot look up itself. */
export function themeColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export interface ChartLook {
  quantity: Quantity;
  /** Curves: one for each group of replicas. */
  groups: number;
  scale: ValueScale;
  /** Of a symlog axis. */
  threshold: number;
  unit: XUnit;
  /** Raw readings are drawn faintly behind the running means. */
  smoothed: boolean;
  /** B is drawn as well, behind all curves. */
  withBatchSize: boolean;
  width: number;
  height: number;
  /** The stretch that all charts show: the run so far, or what was zoomed to. */
  range(): XRange;
  /** What the value axis need not go beyond: single readings that stray far from the running means. */
  limits(): readonly [number, number];
  /** The bands behind the curves. */
  bands(): readonly Band[];
  /** Whether there is nothing to draw: then no scale is made up. */
  empty(): boolean;
  /** What happened to the run: a line across the chart. */
  marks(): readonly Mark[];
  onCursor(row: number | undefined): void;
  /** null for all of it again. */
  onZoom(range: XRange | null): void;
}

/** From a place on the x-axis to another. */
export type XRange = readonly [number, number];

/** Charts that share their x-axis and cursor. */
const SYNC = 'steps';

/** Of what a drag begins and ends with the others hear nothing: the zoom reaches them as a range. */
const OWN_EVENTS = new Set(['mousedown', 'mouseup', 'dblclick']);

const WHOLE = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7,
];
const SMALL = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/** uPlot's options for one quantity: the batch size if it is drawn, the readings behind running means if there are any, the curves. */
export function chartOptions(look: ChartLook): uPlot.Options {
  const { quantity, groups, scale, threshold, unit, smoothed, onCursor, onZoom } = look;
  const behind = (look.withBatchSize ? 1 : 0) + (smoothed ? groups : 0);
  const text = themeColour('--text-muted');
  const grid = { stroke: themeColour('--grid'), width: 1 };
  const font = '12px system-ui, sans-serif';
  const percent = quantity.id === 'accuracy';
  const sparse = quantity.from === 'evaluation';
  const whole = unit === 'steps' || unit === 'examples';

  const curve = (group: number, raw: boolean): uPlot.Series => {
    const { dash } = curveStyle(group);
    const colour = themeColour(`--curve-${group % 8}`);
    return {
      stroke: colour,
      width: raw && smoothed ? 1 : 2,
      alpha: raw && smoothed ? 0.2 : 1,
      dash,
      points: sparse ? { show: true, size: 6, fill: colour } : { size: 4, fill: colour },
    };
  };
  const all = Array.from({ length: groups }, (_, group) => group);
  const batchSize: uPlot.Series = {
    stroke: text,
    width: 1.5,
    dash: [2, 3],
    points: { show: false },
    spanGaps: true,
  };
  const series = [
    ...(look.withBatchSize ? [batchSize] : []),
    ...(smoothed ? all.map((group) => curve(group, true)) : []),
    ...all.map((group) => curve(group, !smoothed)),
  ];

  return {
    width: look.width,
    height: look.height,
    // On the right half of the last label.
    padding: [14, 26, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      // Not on single readings behind a running mean.
      points: { size: (_, curve) => (curve <= behind ? 0 : 7) },
      sync: {
        key: SYNC,
        scales: ['x', null],
        filters: { pub: (type) => !OWN_EVENTS.has(type), sub: (type) => !OWN_EVENTS.has(type) },
      },
      drag: { x: true, y: false, dist: 6, setScale: false },
      bind: {
        dblclick: () => () => {
          onZoom(null);
          return null;
        },
      },
    },
    scales: {
      x: { time: false, range: () => [...look.range()] },
      y: {
        ...(scale === 'symlog'
          ? { distr: 4 as const, asinh: threshold }
          : { distr: scale === 'log' ? (3 as const) : (1 as const), log: 10 as const }),
        range: (_, least, most) => {
          const [floor, ceiling] = look.limits();
          const [low, high] = bandExtent(look.bands(), scale) ?? [least, most];
          // A band without a curve has a scale too.
          const from = least === null || low === null ? (low ?? least) : Math.min(least, low);
          const to = most === null || high === null ? (high ?? most) : Math.max(most, high);
          return scaleRange(from && Math.max(from, floor), to && Math.min(to, ceiling), scale, threshold);
        },
      },
    },
    axes: [
      {
        stroke: text,
        grid,
        ticks: { ...grid, size: 4 },
        font,
        size: 34,
        space: 70,
        incrs: whole ? WHOLE : [...SMALL, ...WHOLE],
        values: (_, ticks) => ticks.map((tick) => (look.empty() ? '' : xText(tick, whole))),
      },
      {
        stroke: text,
        grid,
        ticks: { ...grid, size: 4 },
        font,
        size: 58,
        space: 34,
        ...(scale === 'linear'
          ? {}
          : {
              splits: (_: uPlot, __: number, least: number, most: number) =>
                scaleTicks(least, most, scale, threshold),
              filter: keep,
            }),
        values: (_, ticks) =>
          ticks.map((tick) =>
            look.empty() ? '' : percent ? `${formatNumber(100 * tick, 4)} %` : formatNumber(tick, 4),
          ),
      },
    ],
    series: [{}, ...series],
    hooks: {
      setCursor: [(chart) => onCursor(chart.cursor.idx ?? undefined)],
      setSelect: [
        (chart) => {
          const { left, width } = chart.select;
          if (width === 0) return;
          const ends = [left, left + width].map((at) => chart.posToVal(at, 'x'));
          const [from, to] = whole ? ends.map(Math.round) : ends;
          // Hides the selection, without another call.
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (to! > from!) onZoom([from!, to!]);
        },
      ],
      drawClear: [
        (chart) => {
          for (const band of look.bands()) drawBand(chart, band);
        },
      ],
      draw: [(chart) => drawMarks(chart, look.marks())],
    },
  };
}

function xText(tick: number, whole: boolean): string {
  return whole && tick < 1e5 ? formatCount(tick) : formatNumber(tick, 4);
}

function keep(_: uPlot, splits: number[]): number[] {
  return splits;
}
