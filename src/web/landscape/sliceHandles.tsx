import type { Frame } from '../../present/figures/frame.ts';
import { formatNumber } from '../../present/formatNumber.ts';
import { toPixels, toPlace } from './chartScale.ts';
import type { Place } from './planeWeights.ts';
import type { Slice } from './slice.ts';

interface HandlesProps {
  frame: Frame;
  slice: Slice;
  onSlice(slice: Slice): void;
  /** Where an end is that has the focus, or was moved. */
  onEnd(place: Place): void;
  /** Of several charts with the same slice, those of one take the keyboard. */
  focusable: boolean;
}

const ENDS = [
  ['from', 'Start of the slice'],
  ['to', 'End of the slice'],
] as const;

/** A slice over a plane: its ends are dragged, or moved by the arrow keys. */
export function SliceHandles({ frame, slice, onSlice, onEnd, focusable }: HandlesProps) {
  const [x1, y1] = toPixels(frame, slice.from);
  const [x2, y2] = toPixels(frame, slice.to);
  return (
    <g class="slice">
      <line class="halo" x1={x1} y1={y1} x2={x2} y2={y2} />
      <line x1={x1} y1={y1} x2={x2} y2={y2} />
      {ENDS.map(([end, label]) => (
        <Handle
          key={end}
          frame={frame}
          at={slice[end]}
          label={label}
          focusable={focusable}
          onFocus={() => onEnd(slice[end])}
          onMove={(place) => {
            onSlice({ ...slice, [end]: place });
            onEnd(place);
          }}
        />
      ))}
    </g>
  );
}

/** Of the axis, by an arrow key, and with Shift. */
const STEP = 0.01;
const LEAP = 0.1;

const KEYS: Readonly<Record<string, Place>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

interface HandleProps {
  frame: Frame;
  at: Place;
  label: string;
  focusable: boolean;
  onFocus(): void;
  onMove(place: Place): void;
}

function Handle({ frame, at, label, focusable, onFocus, onMove }: HandleProps) {
  const [cx, cy] = toPixels(frame, at);
  const { x, y } = frame;
  const dragged = (event: PointerEvent & { currentTarget: SVGElement }): void => {
    const box = event.currentTarget.ownerSVGElement!.getBoundingClientRect();
    onMove(toPlace(frame, [event.clientX - box.left, event.clientY - box.top]));
  };
  return (
    <circle
      class="handle"
      cx={cx}
      cy={cy}
      r={8}
      role="slider"
      tabIndex={focusable ? 0 : -1}
      aria-hidden={focusable ? undefined : 'true'}
      aria-label={label}
      aria-valuemin={x.range[0]}
      aria-valuemax={x.range[1]}
      aria-valuenow={at[0]}
      aria-valuetext={`x ${formatNumber(at[0], 3)}, y ${formatNumber(at[1], 3)}`}
      onFocus={onFocus}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        event.preventDefault();
        event.currentTarget.focus();
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) dragged(event);
      }}
      onKeyDown={(event) => {
        const towards = KEYS[event.key];
        if (!towards) return;
        event.preventDefault();
        const step = event.shiftKey ? LEAP : STEP;
        const moved = (scale: typeof x, value: number, sign: number): number => {
          const [low, high] = scale.range;
          return Math.min(high, Math.max(low, value + sign * step * (high - low)));
        };
        onMove([moved(x, at[0], towards[0]), moved(y, at[1], towards[1])]);
      }}
    />
  );
}
