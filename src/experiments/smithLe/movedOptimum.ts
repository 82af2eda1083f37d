import { pseudovalues } from '../../measure/statistics/pseudovalues.ts';
import { studentIntervals } from '../../measure/statistics/studentIntervals.ts';
import type { Panel } from '../figure.ts';
import type { Control, Measured, Variant } from '../verdict/measured.ts';
import { curvesAt, meanCurve, type OptimumFound, type Score, windowOf } from './batchCurves.ts';
import type { OptimumProtocol, Setting } from './optimumStudy.ts';
import { type ShiftedCurve, shiftOf } from './shiftOf.ts';

/** What a curve's optimum is said to move with. */
export interface MovedBy {
  /** As in a name: `ln B_opt by ln ε`. */
  readonly symbol: string;
  settings(protocol: OptimumProtocol): readonly Setting[];
  /** What it moves in proportion to. */
  value(setting: Setting): number;
}

/** Curves are compared as far as this below their best: what lies lower is divergence, not the optimum. */
const DROP = 0.06;
/** From two thirds to one and a third of an octave for an octave: the line ∝, apart from ∝ √ and from ∝ of the square. */
const MARGIN = [0.7, 1.3] as const;

interface Choice {
  readonly drop?: number;
  readonly score?: Score;
}

/** Exponent by unit: B_opt ∝ value^s. */
export function exponent(
  by: MovedBy,
  found: OptimumFound,
  protocol: OptimumProtocol,
  choice: Choice = {},
): Measured {
  const settings = by.settings(protocol);
  return exponentOf(by, found, protocol, settings.map(by.value), choice);
}

/** The same curves, each told the value of the one at the other end of the row: were the values of no account, s would stay. */
export function permuted(by: MovedBy, found: OptimumFound, protocol: OptimumProtocol): Control {
  const values = by.settings(protocol).map(by.value).toReversed();
  const turned = exponentOf(by, found, protocol, values, {});
  return {
    name: `${by.symbol} permuted`,
    removes: `each curve is given the ${by.symbol} of the one opposite`,
    // Outside of the range of s there is no exponent to speak of: no move is as good as one far outside.
    effects: [{ ...turned, values: turned.values.map((s) => s ?? 0) }],
  };
}

/** @param values what each setting's curve is told to be at */
function exponentOf(
  by: MovedBy,
  found: OptimumFound,
  protocol: OptimumProtocol,
  values: readonly number[],
  { drop = DROP, score = 'accuracy' }: Choice,
): Measured {
  const all = by.settings(protocol).map((setting) => {
    const curves = curvesAt(found, setting, score);
    return { curves, window: windowOf(meanCurve(curves), drop) };
  });
  const units = Math.min(...all.map(({ curves }) => curves.length));
  const shiftedOf = (kept: readonly number[]): ShiftedCurve[] =>
    all.map(({ curves, window }, i) => {
      const mean = meanCurve(kept.map((u) => curves[u]!));
      return {
        x: Math.log(values[i]!),
        points: window.flatMap((b) => {
          const y = mean[b]!;
          return y === null ? [] : [{ logB: Math.log(protocol.batches[b]!), y }];
        }),
      };
    });
  return {
    name: `s in B_opt ∝ ${by.symbol}ˢ`,
    values: pseudovalues(units, (kept) => shiftOf(shiftedOf(kept))),
    margin: MARGIN,
  };
}

/** Other windows, and cross-entropy in the place of accuracy. */
export function windows(by: MovedBy, found: OptimumFound, protocol: OptimumProtocol): Variant[] {
  return [
    { name: 'points within 4 % of the best', effects: [exponent(by, found, protocol, { drop: 0.04 })] },
    { name: 'points within 9 % of the best', effects: [exponent(by, found, protocol, { drop: 0.09 })] },
    {
      name: 'test cross-entropy within 0.2 of the best',
      effects: [exponent(by, found, protocol, { drop: 0.2, score: 'testLoss' })],
    },
  ];
}

/** Mean accuracy over the units, by B; and the same against B over what it is said to be in proportion to. */
export function curvePanels(by: MovedBy, found: OptimumFound, protocol: OptimumProtocol): Panel[] {
  const settings = by.settings(protocol);
  const marks = (x: (batch: number, setting: Setting) => number): Panel['marks'] =>
    settings.map((setting, colour) => ({
      mark: 'line',
      name: `${by.symbol} ${Number(by.value(setting).toPrecision(3))}`,
      look: { colour, marked: true },
      points: meanPoints(found, setting).flatMap((point, b) =>
        point ? [{ x: x(protocol.batches[b]!, setting), ...point }] : [],
      ),
    }));
  const y = { label: 'test accuracy, mean over units' };
  return [
    { title: 'Over the batch size', x: { label: 'B', log: true }, y, marks: marks((batch) => batch) },
    {
      title: `Over B/${by.symbol}: one curve, if B_opt ∝ ${by.symbol}`,
      x: { label: `B/${by.symbol}`, log: true },
      y,
      marks: marks((batch, setting) => batch / by.value(setting)),
    },
  ];
}

/** Mean with its interval by B; null where a unit has none. */
export function meanPoints(
  found: OptimumFound,
  setting: Setting,
): ({ readonly y: number; readonly interval: [number | null, number | null] } | null)[] {
  const curves = curvesAt(found, setting);
  return meanCurve(curves).map((y, b) => {
    if (y === null) return null;
    const [effect] = studentIntervals([curves.map((curve) => curve[b] as number)]);
    return { y, interval: [...effect!.interval] as [number | null, number | null] };
  });
}
