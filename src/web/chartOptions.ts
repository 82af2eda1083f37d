import type uPlot from 'uplot';
import { formatCount, formatNumber } from '../jobs/formatNumber.ts';
import type { Quantity } from '../jobs/quantities.ts';
import { axisRange, logTicks } from './axis.ts';

/** How the curve of a replica looks: colours repeat after eight, dashed then. */
export function curveStyle(replica: number): { colour: string; dash: number[] } {
  return { colour: `var(--curve-${replica % 8})`, dash: replica < 8 ? [] : [6, 4] };
}

/** A custom property of the page's theme, which a canvas cannot look up itself. */
export function themeColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export interface ChartLook {
  quantity: Quantity;
  replicas: number;
  log: boolean;
  /** Raw readings are drawn faintly behind the running means. */
  smoothed: boolean;
  width: number;
  height: number;
  /** The last step of the run so far: all charts show the same steps. */
  lastStep(): number;
  /** What the value axis need not go beyond: single readings that stray far from the running means. */
  limits(): readonly [number, number];
  onCursor(row: number | undefined): void;
  onZoom(): void;
}

/** Charts that share their step axis and cursor. */
const SYNC = 'steps';

/** uPlot's options for one quantity: first the running means if there are any, then the readings, by replica. */
export function chartOptions(look: ChartLook): uPlot.Options {
  const { quantity, replicas, log, smoothed, onCursor, onZoom } = look;
  const faint = smoothed ? replicas : 0;
  const text = themeColour('--text-muted');
  const grid = { stroke: themeColour('--grid'), width: 1 };
  const font = '12px system-ui, sans-serif';
  const percent = quantity.id === 'accuracy';
  const sparse = quantity.from === 'evaluation';

  const curve = (replica: number, raw: boolean): uPlot.Series => {
    const { dash } = curveStyle(replica);
    const colour = themeColour(`--curve-${replica % 8}`);
    return {
      stroke: colour,
      width: raw && smoothed ? 1 : 2,
      alpha: raw && smoothed ? 0.28 : 1,
      dash,
      points: sparse ? { show: true, size: 6, fill: colour } : { size: 4, fill: colour },
    };
  };
  const all = Array.from({ length: replicas }, (_, replica) => replica);
  const series = [
    ...(smoothed ? all.map((replica) => curve(replica, true)) : []),
    ...all.map((replica) => curve(replica, !smoothed)),
  ];

  return {
    width: look.width,
    height: look.height,
    padding: [10, 14, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      // Not on single readings behind a running mean.
      points: { size: (_, curve) => (curve <= faint ? 0 : 7) },
      sync: { key: SYNC, scales: ['x', null] },
      drag: { x: true, y: false, dist: 6 },
    },
    scales: {
      x: { time: false, range: () => [0, Math.max(1, look.lastStep())] },
      y: {
        distr: log ? 3 : 1,
        log: 10,
        range: (_, least, most) => {
          const [floor, ceiling] = look.limits();
          return axisRange(least && Math.max(least, floor), most && Math.min(most, ceiling), log);
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
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7],
        values: (_, ticks) => ticks.map((tick) => (tick < 1e5 ? formatCount(tick) : formatNumber(tick, 3))),
      },
      {
        stroke: text,
        grid,
        ticks: { ...grid, size: 4 },
        font,
        size: 58,
        space: 34,
        ...(log
          ? {
              splits: (_: uPlot, __: number, least: number, most: number) => logTicks(least, most),
              filter: keep,
            }
          : {}),
        values: (_, ticks) =>
          ticks.map((tick) => (percent ? `${formatNumber(100 * tick, 4)} %` : formatNumber(tick, 4))),
      },
    ],
    series: [{}, ...series],
    hooks: {
      setCursor: [(chart) => onCursor(chart.cursor.idx ?? undefined)],
      setSelect: [() => onZoom()],
    },
  };
}

function keep(_: uPlot, splits: number[]): number[] {
  return splits;
}
