import { axisX, axisY, gridX, gridY, type Markish } from '@observablehq/plot';
import { formatNumber } from '../formatNumber.ts';
import type { AxisScale } from './axisScale.ts';
import type { Palette } from './look.ts';
import { TEXT_SIZE, textWidth } from './textWidth.ts';

/** What an axis' label takes beside its numbers, and the numbers' distance from the chart. */
const LABEL_ROOM = 22;
const GAP = 7;

/** Digits of an axis' numbers. */
const DIGITS = 3;

/** The margins that axes need, by the numbers they have. */
export function axisMargins(y: AxisScale, right: AxisScale | undefined) {
  const room = ({ ticks, label }: AxisScale): number =>
    Math.ceil(Math.max(...ticks.map((tick) => textWidth(formatNumber(tick, DIGITS), TEXT_SIZE.label)), 0)) +
    GAP +
    (label === '' ? 0 : LABEL_ROOM);
  return {
    marginTop: 10,
    marginBottom: 22 + LABEL_ROOM,
    marginLeft: room(y),
    marginRight: right ? room(right) : 16,
  };
}

/** Grid, numbers and labels of a chart's axes; those of `right` stand where its values are on the scale of y. */
export function axisMarks(
  x: AxisScale,
  y: AxisScale,
  right: AxisScale | undefined,
  palette: Palette,
): Markish[] {
  const look = {
    color: palette.muted,
    fontSize: TEXT_SIZE.label,
    labelAnchor: 'center' as const,
    labelArrow: 'none' as const,
    tickSize: 0,
    tickPadding: GAP,
  };
  const numbers = ({ ticks }: AxisScale): string[] => ticks.map((tick) => formatNumber(tick, DIGITS));
  const grid = { stroke: palette.grid, strokeOpacity: 1 };
  return [
    gridX(x.ticks, grid),
    gridY(y.ticks, grid),
    axisX(x.ticks, { ...look, label: x.label, text: numbers(x), tickPadding: 9, labelOffset: 38 }),
    axisY(y.ticks, {
      ...look,
      label: y.label || null,
      text: numbers(y),
      labelOffset: axisMargins(y, undefined).marginLeft - 4,
    }),
    ...(right
      ? [
          axisY(
            right.ticks.map((tick) => y.at(right.share(tick))),
            {
              ...look,
              anchor: 'right',
              label: right.label,
              text: numbers(right),
              labelOffset: axisMargins(y, right).marginRight - 4,
            },
          ),
        ]
      : []),
  ];
}
