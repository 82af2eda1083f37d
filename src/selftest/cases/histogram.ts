import { convHistogram } from '../../ops/perExample/convHistogram.ts';
import { histogram } from '../../ops/perExample/histogram.ts';
import { type Bins, type BinsOf, binCount } from '../../ops/perExample/histogramBins.ts';
import { window2d } from '../../ops/window2d.ts';
import { conv2dPositions } from '../../reference/conv2d.ts';
import * as reference from '../../reference/histogram.ts';
import { shapeName, type Trial } from '../trial.ts';
import { given, integers } from '../values.ts';

/** Multiples of 1/8 up to 2: products, their sums and differences are exact, so that no rounding decides on a bin. */
function eighths(elements: number, seed: number): Float32Array {
  return Float32Array.from(integers(elements, seed, 33), (value) => value / 8 - 2);
}

/** What is no number, and what is none in float32, are counted apart. */
function withBadOnes(values: Float32Array): Float32Array {
  if (values.length > 8) values.set([Number.NaN, Number.POSITIVE_INFINITY], 5);
  return values;
}

const GRADIENT: Bins = { from: -2, to: 2, count: 100 };
const PARAMETER: Bins = { from: -1, to: 1, count: 20 };
const BY: readonly BinsOf[] = [{ gradient: GRADIENT }, { gradient: GRADIENT, parameter: PARAMETER }];

/** Shapes, operands, op and reference of one histogram. */
interface Case {
  readonly kernel: string;
  readonly name: string;
  readonly replicas: 1 | 3;
  /** Of the layer's input, of its cotangent and of the weight. */
  readonly shapes: readonly [x: readonly number[], delta: readonly number[], w: readonly number[]];
  readonly trace: (...given: Parameters<typeof histogram>) => void;
  readonly expect: (
    x: ArrayLike<number>,
    delta: ArrayLike<number>,
    w: ArrayLike<number> | null,
    bins: BinsOf,
  ) => Float64Array;
}

/** Added to counts that are there, by value and by value and parameter: integers, equal to the host's. */
function trials({ kernel, name, replicas, shapes: [xs, ds, ws], trace, expect }: Case): Trial[] {
  const size = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);
  return BY.map((bins): Trial => {
    const places = binCount(bins) + 1;
    const joint = bins.parameter !== undefined;
    return {
      kernel,
      name: `${joint ? 'by gradient and parameter' : 'by gradient'} ${name}`,
      replicas,
      operands: {
        x: given(xs, (replica) => withBadOnes(eighths(size(xs), 1 + replica))),
        delta: given(ds, (replica) => eighths(size(ds), 50 + replica)),
        w: given(ws, (replica) => withBadOnes(eighths(size(ws), 90 + replica))),
        counts: given([places], (replica) => integers(places, 7 + replica, 100), { changed: true }),
      },
      trace: ({ x, delta, w }, { counts }) => {
        trace(counts!, { x: x!, delta: delta!, ...(joint ? { w: w! } : {}) }, bins);
        return [];
      },
      expect: ({ x, delta, w, counts }) => {
        const added = expect(x!, delta!, joint ? w! : null, bins);
        return [{ values: added.map((count, i) => count + counts![i]!), tolerance: 0 }];
      },
    };
  });
}

/** [batch, outputs, inputs] */
const DENSE = [
  [1, 1, 1, 1],
  [33, 5, 13, 1],
  [3, 65, 127, 1],
  [9, 33, 65, 3],
] as const;

/** [images, channels, height, width], output channels, kernel, stride, padding, replicas, images of a unit. */
const CONVOLUTIONS = [
  [[1, 1, 1, 1], 1, [1, 1], [1, 1], [0, 0], 1, 1],
  [[33, 5, 4, 3], 7, [1, 1], [1, 1], [0, 0], 1, 1],
  [[3, 3, 9, 7], 5, [3, 3], [1, 1], [1, 1], 3, 1],
  [[5, 2, 11, 6], 9, [3, 2], [2, 1], [1, 0], 1, 1],
  [[2, 13, 3, 5], 33, [3, 3], [1, 2], [1, 1], 1, 1],
  // A window larger than its image, which only padding makes room for.
  [[9, 2, 3, 2], 3, [5, 5], [1, 1], [2, 2], 1, 1],
  [[65, 1, 6, 6], 2, [4, 3], [3, 2], [2, 1], 1, 1],
  [[6, 3, 9, 7], 5, [3, 3], [1, 1], [1, 1], 3, 2],
  [[33, 65, 1, 1], 7, [1, 1], [1, 1], [0, 0], 1, 3],
] as const;

export function histogramTrials(): Trial[] {
  return [
    ...DENSE.flatMap(([batch, outputs, inputs, replicas]) =>
      trials({
        kernel: 'histogram/outer',
        name: shapeName([batch, outputs, inputs], replicas),
        replicas,
        shapes: [
          [batch, inputs],
          [batch, outputs],
          [outputs, inputs],
        ],
        trace: histogram,
        expect: (x, delta, w, { gradient, parameter }) =>
          reference.histogram(x, delta, w, { batch, outputs, inputs }, gradient, parameter),
      }),
    ),
    ...CONVOLUTIONS.flatMap(([image, outChannels, kernel, stride, padding, replicas, unitSize]) => {
      const [images, channels, height, width] = image;
      const extents = { images, channels, height, width, outChannels, kernel, stride, padding, unitSize };
      const window = window2d('selftest', kernel, { stride, padding });
      return trials({
        kernel: 'histogram/conv2d',
        name:
          `${image.join(' × ')} by ${outChannels} × ${kernel.join(' × ')}, ` +
          `stride ${stride.join(' ')}, padding ${padding.join(' ')}, R = ${replicas}` +
          (unitSize === 1 ? '' : `, units of ${unitSize}`),
        replicas,
        shapes: [
          image,
          [images, outChannels, ...conv2dPositions(extents)],
          [outChannels, channels, ...kernel],
        ],
        trace: (counts, operands, bins) => convHistogram(counts, operands, window, bins, unitSize),
        expect: (x, delta, w, { gradient, parameter }) =>
          reference.convHistogram(x, delta, w, extents, gradient, parameter),
      });
    }),
  ];
}
