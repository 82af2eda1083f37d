import type uPlot from 'uplot';
import { axisRange, logTicks } from '../../present/axis.ts';
import { formatCount, formatNumber } from '../../present/formatNumber.ts';
import type { Quantity } from '../../present/quantities.ts';
import { type Band, bandExtent, drawBand } from './drawBand.ts';

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
  /** The steps that all charts show: those of the run so far, or what was zoomed to. */
  steps(): StepRange;
  /** What the value axis need not go beyond: single readings that stray far from the running means. */
  limits(): readonly [number, number];
  /** The intervals behind the curves. */
  bands(): readonly Band[];
  /** What happened to the run at a step: a line across the chart. */
  marks(): readonly Mark[];
  onCursor(row: number | undefined): void;
  /** null for all steps again. */
  onZoom(steps: StepRange | null): void;
}

/** From a step to another. */
export type StepRange = readonly [number, number];

/** A change of a replica, or of all of them (null), that its curves alone do not tell. */
export interface Mark {
  readonly step: number;
  readonly replica: number | null;
}

/** Charts that share their step axis and cursor. */
const SYNC = 'steps';

/** Of what a drag begins and ends with the others hear nothing: the zoom reaches them as steps. */
const OWN_EVENTS = new Set(['mousedown', 'mouseup', 'dblclick']);

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
      x: { time: false, range: () => [...look.steps()] },
      y: {
        distr: log ? 3 : 1,
        log: 10,
        range: (_, least, most) => {
          const [floor, ceiling] = look.limits();
          const [low, high] = bandExtent(look.bands()) ?? [least, most];
          // A band without a curve has a scale too.
          const from = least === null || low === null ? low : Math.min(least, low);
          const to = most === null || high === null ? high : Math.max(most, high);
          return axisRange(from && Math.max(from, floor), to && Math.min(to, ceiling), log);
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
      setSelect: [
        (chart) => {
          const { left, width } = chart.select;
          if (width === 0) return;
          const [from, to] = [left, left + width].map((at) => Math.round(chart.posToVal(at, 'x')));
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

/** A dashed line at each mark, in the replica's colour. */
function drawMarks(chart: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = chart;
  const { min, max } = chart.scales.x!;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { step, replica } of marks) {
    if (step < min! || step > max!) continue;
    const at = Math.round(chart.valToPos(step, 'x', true)) + 0.5;
    ctx.strokeStyle = themeColour(replica === null ? '--text-muted' : `--curve-${replica % 8}`);
    ctx.beginPath();
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

function keep(_: uPlot, splits: number[]): number[] {
  return splits;
}
