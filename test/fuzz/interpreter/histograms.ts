import { type Bins, type BinsOf, binCount } from '../../../src/ops/perExample/histogramBins.ts';
import { type Bounded, EPS, isUndecided, multiply } from './bounded.ts';
import { unitGradients } from './convolutions.ts';
import type { Rule } from './rule.ts';
import { at, make, type Values } from './values.ts';

/** The bins in which a number may be counted; null for that of what is no finite number. */
function bins(x: Bounded, { from, to, count }: Bins): readonly [low: number, high: number] | null {
  if (!Number.isFinite(x.value)) return null;
  const perWidth = count / (to - from);
  const place = (x.value - from) * perWidth;
  const error =
    (x.error + 2 * EPS * (Math.abs(x.value) + Math.abs(from))) * perWidth + 2 * EPS * Math.abs(place);
  const clamped = (at_: number): number => Math.trunc(Math.min(Math.max(at_, 0), count - 1));
  return [clamped(place - error), clamped(place + error)];
}

const ONE: Bins = { from: 0, to: 1, count: 1 };

/** Adds to the counts; a number that may be in several bins is an error of one in each. */
function tally(
  before: Values,
  { gradient, parameter = ONE }: BinsOf,
  numbers: Iterable<readonly [g: Bounded, w: Bounded | null]>,
): Values {
  const counts = { value: before.value.slice(), error: before.error.slice() };
  const last = binCount({ gradient, parameter });
  for (const [g, w] of numbers) {
    const places: number[] = [];
    if (isUndecided(g) || (w && isUndecided(w))) for (let i = 0; i <= last; i++) places.push(i);
    else {
      const columns = bins(g, gradient);
      const rows = w ? bins(w, parameter) : ([0, 0] as const);
      if (!columns || !rows) places.push(last);
      else {
        for (let row = rows[0]; row <= rows[1]; row++) {
          for (let column = columns[0]; column <= columns[1]; column++)
            places.push(row * gradient.count + column);
        }
      }
    }
    counts.value[places[0]!]! += 1;
    if (places.length > 1) for (const place of places) counts.error[place]! += 1;
  }
  return make(before.value.length, (i) => ({ value: counts.value[i]! % 2 ** 32, error: counts.error[i]! }));
}

export const histograms: Readonly<Record<string, Rule>> = {
  histogram: ({ inputs: [x, delta], attributes }, [values, deltas, w], memory) => {
    const [batch, inputs] = x!.shape as [number, number];
    const outputs = delta!.shape[1]!;
    function* numbers() {
      for (let n = 0; n < batch; n++) {
        for (let p = 0; p < outputs * inputs; p++) {
          const g = multiply(
            at(deltas!, n * outputs + Math.floor(p / inputs)),
            at(values!, n * inputs + (p % inputs)),
          );
          yield [g, w ? at(w, p) : null] as const;
        }
      }
    }
    memory.set(attributes.counts, tally(memory.get(attributes.counts), attributes.bins, numbers()));
    return [];
  },
  convHistogram: ({ inputs, attributes }, [values, deltas, w], memory) => {
    const gradients = unitGradients(inputs, attributes, [values!, deltas!]);
    function* numbers() {
      for (const g of gradients) {
        for (let p = 0; p < g.value.length; p++) yield [at(g, p), w ? at(w, p) : null] as const;
      }
    }
    memory.set(attributes.counts, tally(memory.get(attributes.counts), attributes.bins, numbers()));
    return [];
  },
};
