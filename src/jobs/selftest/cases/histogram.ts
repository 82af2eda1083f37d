import { type Bins, histogram } from '../../../ops/histogram.ts';
import { histogram as histogramReference } from '../../../reference/histogram.ts';
import { shapeName, type Trial } from '../trial.ts';
import { given, integers } from '../values.ts';

/** Multiples of 1/8 up to 2: products and differences are exact, so that no rounding decides on a bin. */
function eighths(elements: number, seed: number): Float32Array {
  return Float32Array.from(integers(elements, seed, 33), (value) => value / 8 - 2);
}

/** [batch, outputs, inputs] */
const SHAPES = [
  [1, 1, 1, 1],
  [33, 5, 13, 1],
  [3, 65, 127, 1],
  [9, 33, 65, 3],
] as const;
const GRADIENT: Bins = { from: -2, to: 2, count: 100 };
const PARAMETER: Bins = { from: -1, to: 1, count: 20 };

/** Counts are integers: equal to the host's. */
export function histogramTrials(): Trial[] {
  return SHAPES.flatMap(([batch, outputs, inputs, replicas]) =>
    [false, true].map((joint): Trial => {
      const bins = GRADIENT.count * (joint ? PARAMETER.count : 1) + 1;
      const x = (replica: number): Float32Array => {
        const values = eighths(batch * inputs, 1 + replica);
        // What is no number, and what is none in float32, are counted apart.
        if (values.length > 8) values.set([Number.NaN, Number.POSITIVE_INFINITY], 5);
        return values;
      };
      return {
        kernel: 'histogram/outer',
        name: `${joint ? 'by gradient and parameter' : 'by gradient'} ${shapeName([batch, outputs, inputs], replicas)}`,
        replicas,
        operands: {
          x: given([batch, inputs], x),
          delta: given([batch, outputs], (replica) => eighths(batch * outputs, 50 + replica)),
          w: given([outputs, inputs], (replica) => eighths(outputs * inputs, 90 + replica)),
          counts: given([bins], (replica) => integers(bins, 7 + replica, 100), { changed: true }),
        },
        trace: ({ x, delta, w }, { counts }) => {
          if (joint) histogram(counts!, { x: x!, delta: delta!, w: w! }, GRADIENT, PARAMETER);
          else histogram(counts!, { x: x!, delta: delta! }, GRADIENT);
          return [];
        },
        expect: ({ x, delta, w, counts }) => {
          const shape = { batch, outputs, inputs };
          const added = histogramReference(
            x!,
            delta!,
            joint ? w! : null,
            shape,
            GRADIENT,
            joint ? PARAMETER : undefined,
          );
          return [{ values: added.map((count, i) => count + counts![i]!), tolerance: 0 }];
        },
      };
    }),
  );
}
