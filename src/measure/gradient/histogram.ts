import { requireOptions } from '../../host/requireOptions.ts';
import { ask, type Measurement } from '../measurement.ts';
import type { Point } from '../pass.ts';
import { requireUnits } from '../requireUnits.ts';
import { type GradientHistogram, gradientHistogramBy, requireCountable } from './gradientHistogram.ts';
import { type HistogramOptions, histogramRanges } from './histogramRanges.ts';

/** Histograms by parameter. */
export interface NamedHistogram {
  /** From the first bin's lower end to the last one's upper. */
  readonly range: readonly [number, number];
  readonly bins: number;
  /** [bins] by parameter. */
  readonly layers: Readonly<Record<string, readonly number[]>>;
  /** Elements, over all parameters, that are no finite number. */
  readonly notFinite: number;
  /** The same in rows of the parameter's value, [rows][bins]. */
  readonly byParameter?: {
    readonly range: readonly [number, number];
    readonly bins: number;
    readonly layers: Readonly<Record<string, readonly (readonly number[])[]>>;
  };
}

/**
 * Histograms of the elements of the examples' (units') gradients, one a parameter, from −5 to 5 root mean squares of all; with
 * `parameterBins` by the parameter's value too (Schneider et al. 2021, Cockpit).
 * @throws InputError, when it is measured, where units have no gradients of their own
 * @throws RangeError, then, for 2³² elements of a tensor or more
 */
export function histogram(given: Partial<HistogramOptions> = {}): Measurement<NamedHistogram> {
  requireOptions('histogram', given, ['bins', 'parameterBins']);
  const { bins, parameterBins } = given;
  const options = { bins: bins ?? 101, parameterBins };
  return {
    async *over({ point }) {
      requireUnits('histogram', point);
      requireCountable(point);
      const weights = await point.theta.read();
      const { found } = yield* ask({
        found: gradientHistogramBy((normSq) => histogramRanges(options, point.layout, weights, normSq)),
      });
      return named(point, found);
    },
  };
}

function named(
  point: Point,
  { gradient, parameter, counts: found, notFinite }: GradientHistogram,
): NamedHistogram {
  const rows = found.map((all) =>
    Array.from({ length: parameter?.count ?? 1 }, (_, row) => [
      ...all.subarray(row * gradient.count, (row + 1) * gradient.count),
    ]),
  );
  const byName = <T>(of: readonly T[]): Record<string, T> =>
    Object.fromEntries(point.layout.entries.map(({ name }, i) => [name, of[i]!]));
  const alone = rows.map((all) => all.reduce((sum, row) => sum.map((count, i) => count + row[i]!)));
  return {
    range: [gradient.from, gradient.to],
    bins: gradient.count,
    layers: byName(alone),
    notFinite,
    ...(parameter
      ? {
          byParameter: {
            range: [parameter.from, parameter.to] as const,
            bins: parameter.count,
            layers: byName(rows),
          },
        }
      : {}),
  };
}
