import { useRef } from 'preact/hooks';
import type { Axis, FigureMark, FigurePoint, Panel } from '../../experiments/figure.ts';
import { formatNumber } from '../../present/formatNumber.ts';
import { axisRange, linearTicks, logTicks } from '../axis.ts';
import { useWidth } from '../bench/useWidth.ts';
import { curveStyle } from '../chartOptions.ts';
import { Swatch } from '../swatch.tsx';

const HEIGHT = 240;
const ROOM = { left: 62, right: 14, top: 10, bottom: 40 };
/** Names that are listed; and points up to which each of a line is marked. */
const MOST_LISTED = 8;
const MOST_MARKED = 16;
/** Ticks of an axis, about; a logarithmic one with fewer than three round numbers has those of a linear one. */
const TICKS = 5;

/** A chart of a figure: lines, points with their intervals, bands. */
export function PanelView({ panel }: { panel: Panel }) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const names = namesOf(panel);
  const band = panel.marks.find(({ mark }) => mark === 'band');
  return (
    <figure class="chart panel">
      <figcaption>
        <h3>{panel.title}</h3>
      </figcaption>
      <div class="drawing" ref={place}>
        {names.length === 0 ? (
          <p class="empty">no points yet</p>
        ) : (
          width > 0 && <Drawing panel={panel} width={width} names={names} />
        )}
      </div>
      <ul class="panel-legend">
        {names.length > 1 &&
          names.slice(0, MOST_LISTED).map((name, i) => (
            <li key={name}>
              <Swatch replica={i} />
              {name}
            </li>
          ))}
        {names.length > MOST_LISTED && <li>and {names.length - MOST_LISTED} more</li>}
        {band && (
          <li>
            <span class="band-swatch" aria-hidden="true" />
            {band.name}
          </li>
        )}
      </ul>
    </figure>
  );
}

function Drawing({ panel, width, names }: { panel: Panel; width: number; names: readonly string[] }) {
  const [right, bottom] = [width - ROOM.right, HEIGHT - ROOM.bottom];
  const points = panel.marks.flatMap(pointsOf);
  const x = scaleOf(
    panel.x,
    points.map((point) => point.x),
    [ROOM.left, right],
  );
  const y = scaleOf(panel.y, panel.marks.flatMap(heightsOf), [bottom, ROOM.top]);
  return (
    <svg
      class="panel-svg"
      width={width}
      height={HEIGHT}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label={`${panel.title}: ${panel.y.label} over ${panel.x.label}; ${described(panel)}`}
    >
      {x.ticks.map((tick) => (
        <g key={tick}>
          <path class="grid" d={`M${x.at(tick)} ${ROOM.top}V${bottom}`} />
          <text x={x.at(tick)} y={bottom + 15} text-anchor="middle">
            {formatNumber(tick, 3)}
          </text>
        </g>
      ))}
      {y.ticks.map((tick) => (
        <g key={tick}>
          <path class="grid" d={`M${ROOM.left} ${y.at(tick)}H${right}`} />
          <text x={ROOM.left - 6} y={y.at(tick) + 4} text-anchor="end">
            {formatNumber(tick, 3)}
          </text>
        </g>
      ))}
      <text class="label" x={(ROOM.left + right) / 2} y={HEIGHT - 6} text-anchor="middle">
        {panel.x.label}
      </text>
      <text
        class="label"
        transform={`translate(12 ${(ROOM.top + bottom) / 2}) rotate(-90)`}
        text-anchor="middle"
      >
        {panel.y.label}
      </text>
      {panel.marks.map((mark) => {
        if (mark.mark === 'band') {
          const [low, high] = mark.range.map(y.at) as [number, number];
          return (
            <rect
              key={mark.name}
              class="band"
              x={ROOM.left}
              y={high}
              width={right - ROOM.left}
              height={low - high}
            />
          );
        }
        const { colour, dash } = curveStyle(names.indexOf(mark.name));
        const drawn = mark.points.flatMap((point) =>
          point.y === null || !x.shows(point.x) || !y.shows(point.y)
            ? []
            : [{ ...point, left: x.at(point.x), top: y.at(point.y) }],
        );
        return (
          <g key={mark.name} style={{ color: colour }}>
            {mark.mark === 'line' && (
              <path
                class="curve"
                stroke-dasharray={dash.join(' ')}
                d={drawn.map(({ left, top }, i) => `${i === 0 ? 'M' : 'L'}${left} ${top}`).join('')}
              />
            )}
            {drawn.map(({ left, interval }) => {
              if (!interval) return null;
              const [low, high] = interval;
              const [from, to] = [
                low === null || !y.shows(low) ? bottom : y.at(low),
                high === null ? ROOM.top : y.at(high),
              ];
              return <path key={left} class="whisker" d={`M${left} ${from}V${to}`} />;
            })}
            {(mark.mark === 'dots' || drawn.length <= MOST_MARKED) &&
              drawn.map(({ left, top }) => (
                <circle key={left} class="dot" cx={left} cy={top} r={mark.mark === 'dots' ? 4 : 2.5} />
              ))}
          </g>
        );
      })}
    </svg>
  );
}

/** Where values lie on an axis between two places on the page; values that a logarithm has are shown. */
function scaleOf(axis: Axis, values: readonly number[], [from, to]: readonly [number, number]) {
  const log = axis.log ?? false;
  const shows = (value: number): boolean => Number.isFinite(value) && (!log || value > 0);
  const shown = values.filter(shows);
  const [least, most] = shown.length > 0 ? [Math.min(...shown), Math.max(...shown)] : [null, null];
  const range = axisRange(least, most, log);
  const of = log ? Math.log : (value: number) => value;
  const [low, high] = range.map(of) as [number, number];
  const round = log ? logTicks(...range) : [];
  const ticks = round.length >= 3 ? round : linearTicks(...range, TICKS);
  return {
    shows,
    at: (value: number) => from + ((of(value) - low) / (high - low)) * (to - from),
    ticks,
  };
}

function pointsOf(mark: FigureMark): readonly FigurePoint[] {
  return mark.mark === 'band' ? [] : mark.points;
}

/** What the value axis must hold. */
function heightsOf(mark: FigureMark): number[] {
  if (mark.mark === 'band') return [...mark.range];
  return mark.points.flatMap(({ y, interval }) =>
    [y, ...(interval ?? [])].filter((value): value is number => value !== null),
  );
}

/** Of lines and dots, in their order: marks of one name have one colour. */
function namesOf({ marks }: Panel): string[] {
  return [...new Set(marks.flatMap((mark) => (mark.mark === 'band' ? [] : [mark.name])))];
}

/** The last point of each curve, in words. */
function described({ marks }: Panel): string {
  return marks
    .flatMap((mark) => {
      const last = pointsOf(mark).at(-1);
      return last ? [`${mark.name} ${formatNumber(last.y, 3)} at ${formatNumber(last.x, 4)}`] : [];
    })
    .slice(0, MOST_LISTED)
    .join(', ');
}
