import type { ChannelView } from '../../ops/channelView.ts';
import { flatLayout } from '../../ops/flat.ts';
import type { Tensor } from '../../ops/graph.ts';
import {
  channelDot,
  normalize,
  normalizeTangent,
  scaleShift,
  standardize,
  updateRunningStatistics,
} from '../../ops/index.ts';
import {
  normalizeAffine,
  normalizeTangentAffine,
  normalizeTangentWeighted,
  standardizeAffine,
} from '../../ops/normalizeFused.ts';
import { normalizeCandidates, tangentCandidates } from '../../ops/plans/normPlan.ts';
import * as reference from '../../reference/normalize.ts';
import { productScale, sumTolerance, U } from '../tolerance.ts';
import { shapeName, type Trial, type Values } from '../trial.ts';
import { given, random, uniform } from '../values.ts';

/**
 * [outer, channels, inner] and replicas: vectors, images and rows; channels of one value, of ragged ends, and beyond what one
 * thread or one workgroup takes at once.
 */
const VIEWS = [
  [1, 1, 1, 1],
  [2, 1, 1, 3],
  [33, 65, 1, 1],
  [65, 33, 1, 3],
  [5, 7, 127, 1],
  [3, 5, 33, 3],
  [1, 127, 33, 1],
  [1, 33, 784, 3],
  [1, 3, 4097, 1],
  [65, 3, 65, 3],
  [2051, 3, 1, 1],
  [40, 2, 529, 1],
] as const;

/** Uniform over (−1, 1) about `centre`. */
const DEVIATION = Math.sqrt(1 / 3);
const EPS = 1e-5;

/** How far statistics of n numbers of deviation σ about a mean may be off, relative to σ, σ² and 1/σ. */
export function momentTolerances(n: number, centre: number) {
  // The mean is rounded once as it is; what it is corrected by is as small as the deviations.
  const mean = U * (2 * Math.abs(centre) + 8);
  const variance = U * (8 + 4 * Math.sqrt(n));
  return { mean, variance, scale: variance / 2 + 8 * U };
}

/** Batch and layer normalisation: forward, tangent, weight and bias, running statistics. */
export function normTrials(): Trial[] {
  return [...normalizations(), ...tangents(), ...scalings(), ...fused(), ...statistics()];
}

/** Views that every variant divides: channels in one piece and in several. */
const VARIED: readonly (readonly number[])[] = [VIEWS[8], VIEWS[11]];

function normalizations(): Trial[] {
  const cases = VIEWS.map((view) => [view, 0] as const);
  // The mean is 10⁴ deviations: squares of x have no digits left for the variance.
  const far = [VIEWS[2], VIEWS[9], VIEWS[11]].map((view) => [view, 1e4 * DEVIATION] as const);
  return [...cases, ...far].flatMap(([view, centre]): Trial[] => {
    const [outer, channels, inner, replicas] = view;
    return [false, true].map((asGpu) => ({
      ...normalizeTrial({ outer, channels, inner }, { centre, replicas }),
      asGpu,
      everyVariant: centre === 0 && VARIED.includes(view),
    }));
  });
}

/** @param options.centre mean of the elements, whose deviation is √⅓ */
export function normalizeTrial(
  view: ChannelView,
  { centre = 0, replicas = 1 }: { centre?: number; replicas?: 1 | 3 } = {},
): Trial {
  const { outer, channels, inner } = view;
  const n = outer * inner;
  const x = random([outer, channels, inner], n, { low: centre - 1, high: centre + 1 });
  const about = centre ? ', mean 10⁴ deviations' : '';
  return {
    kernel: 'norm/',
    name: `normalize ${shapeName([outer, channels, inner], replicas)}${about}`,
    replicas,
    candidates: (target) =>
      normalizeCandidates(view, EPS, { affine: 'none', bias: false, keep: true }, target),
    operands: { x },
    trace: ({ x }) => {
      const { y, mean, variance, s } = normalize(x!, view, EPS);
      return [y, mean, variance, s];
    },
    expect: ({ x }) => {
      const { y, mean, variance, scale } = reference.normalize(x!, view, EPS);
      const allowed = momentTolerances(n, centre);
      const channelOf = (at: number): number => Math.floor(at / inner) % channels;
      return [
        {
          values: y,
          tolerance: y.map(
            (v, at) => scale[channelOf(at)]! * allowed.mean + Math.abs(v) * (allowed.scale + 4 * U) + 1e-30,
          ),
        },
        { values: mean, tolerance: allowed.mean },
        { values: variance, tolerance: variance.map((v) => v * allowed.variance + allowed.mean ** 2) },
        {
          values: scale,
          // A variance of rounding alone counts beside eps.
          tolerance: scale.map((s) => s * allowed.scale + (s ** 3 * allowed.mean ** 2) / 2),
        },
      ];
    },
  };
}

function tangents(): Trial[] {
  return VIEWS.flatMap((each): Trial[] => {
    const [outer, channels, inner, replicas] = each;
    return [false, true].map((asGpu) => ({
      ...tangentTrial({ outer, channels, inner }, { replicas }),
      asGpu,
      everyVariant: VARIED.includes(each),
    }));
  });
}

export function tangentTrial(view: ChannelView, { replicas = 1 }: { replicas?: 1 | 3 } = {}): Trial {
  const { outer, channels, inner } = view;
  const shape = [outer, channels, inner];
  const n = outer * inner;
  return {
    kernel: 'norm/',
    name: `tangent ${shapeName(shape, replicas)}`,
    replicas,
    candidates: (target) => tangentCandidates(view, { weight: 'none', sums: false }, target),
    operands: { d: random(shape, 1), y: random(shape, 2), s: random([channels], 3, { low: 0.5, high: 2 }) },
    trace: ({ d, y, s }) => [normalizeTangent(d!, y!, s!, view)],
    expect: ({ d, y, s }) => [
      {
        values: reference.normalizeTangent(d!, y!, s!, view).dx,
        // Each mean is a sum's error over n; then five roundings of numbers up to 2·3.
        tolerance: (4 * sumTolerance(n, Math.max(1, Math.sqrt(n)))) / n + 24 * U,
      },
    ],
  };
}

function scalings(): Trial[] {
  return VIEWS.flatMap(([outer, channels, inner, replicas]): Trial[] => {
    const view = { outer, channels, inner };
    const shape = [outer, channels, inner];
    const name = shapeName(shape, replicas);
    const x = random(shape, 1);
    const [w, b] = [random([channels], 2), random([channels], 3)];
    return [
      {
        kernel: 'norm/scaleShift',
        name: `w·x + b ${name}`,
        replicas,
        operands: { x, w, b },
        trace: ({ x, w, b }) => [scaleShift(x!, w!, b!, view)],
        expect: ({ x, w, b }) => [{ values: reference.scaleShift(x!, w!, b!, view), tolerance: 3 * U }],
      },
      {
        kernel: 'norm/scaleShift',
        name: `(x − m)·s ${name}`,
        replicas,
        asGpu: true,
        operands: { x, w, b },
        trace: ({ x, w, b }) => [standardize(x!, b!, w!, view)],
        expect: ({ x, w, b }) => [
          {
            values: Float64Array.from(x!, (v, at) => {
              const c = Math.floor(at / inner) % channels;
              return (v - b![c]!) * w![c]!;
            }),
            tolerance: 4 * U,
          },
        ],
      },
      {
        kernel: 'reduce/sum',
        name: `by channel ${name}`,
        replicas,
        operands: { x, y: random(shape, 4) },
        trace: ({ x, y }) => [channelDot(x!, y!, view)],
        expect: ({ x, y }) => [
          {
            values: reference.channelDot(x!, y!, view),
            tolerance: sumTolerance(outer * inner, productScale(outer * inner)),
          },
        ],
      },
    ];
  });
}

/** [outer, channels, inner], whose weight is one a channel or one a place, and replicas. */
const FUSED = [
  [[5, 33, 7], 'channel', 3],
  [[65, 33, 1], 'channel', 1],
  [[40, 3, 127], 'channel', 3],
  [[1, 65, 33], 'place', 3],
  [[1, 2, 4097], 'place', 1],
] as const;

/** A normalisation with the weight and bias that follow it, and the way back. */
function fused(): Trial[] {
  return FUSED.flatMap(([shape, of, replicas]) =>
    [false, true].flatMap((asGpu): Trial[] => {
      const [outer, channels, inner] = shape;
      const view = { outer, channels, inner };
      const affineView = of === 'channel' ? view : { outer: channels, channels: inner, inner: 1 };
      const n = outer * inner;
      const [x, w, b] = [
        random(shape, 1),
        random([affineView.channels], 2),
        random([affineView.channels], 3),
      ];
      const [d, y] = [random(shape, 4), random(shape, 5)];
      const s = random([channels], 6, { low: 0.5, high: 2 });
      const common = { kernel: 'norm/', replicas, asGpu };
      const title = `${shapeName(shape, replicas)}, a weight a ${of}`;
      const allowed = momentTolerances(n, 0);
      // |y| < 4, times a weight of at most 1.
      const ofY = 2 * allowed.mean + 4 * (allowed.scale + 4 * U);
      const ofTangent = (4 * sumTolerance(n, Math.max(1, Math.sqrt(n)))) / n + 24 * U;
      const weighted = (values: ArrayLike<number>, weights: ArrayLike<number>): Float64Array =>
        reference.scaleShift(values, weights, null, affineView);
      return [
        ...[true, false].map(
          (keep): Trial => ({
            ...common,
            name: `normalize and scale ${title}${keep ? '' : ', z alone'}`,
            operands: { x, w, b },
            trace: ({ x, w, b }) => {
              const made = normalizeAffine(x!, view, EPS, { of, w: w!, b: b!, keep });
              return keep ? [made[0]!, made[4]!] : [made[4]!];
            },
            expect: ({ x, w, b }) => {
              const expected = reference.normalize(x!, view, EPS).y;
              const z = {
                values: reference.scaleShift(expected, w!, b!, affineView),
                tolerance: ofY + 4 * U,
              };
              return keep ? [{ values: expected, tolerance: ofY }, z] : [z];
            },
          }),
        ),
        {
          ...common,
          name: `weighted tangent ${title}`,
          operands: { d, y, s, w },
          trace: ({ d, y, s, w }) => [normalizeTangentWeighted(d!, y!, s!, w!, view, of)],
          expect: ({ d, y, s, w }) => [
            {
              values: reference.normalizeTangent(weighted(d!, w!), y!, s!, view).dx,
              tolerance: 2 * ofTangent,
            },
          ],
        },
        ...(of === 'channel'
          ? [
              {
                ...common,
                name: `weighted tangent and sums ${title}`,
                operands: { d, y, s, w },
                trace: ({ d, y, s, w }: Record<string, Tensor>) => [
                  ...normalizeTangentAffine(d!, y!, s!, w!, view),
                ],
                expect: ({ d, y, s, w }: Record<string, Values>) => {
                  const { sums, products } = reference.normalizeTangent(d!, y!, s!, view);
                  return [
                    {
                      values: reference.normalizeTangent(weighted(d!, w!), y!, s!, view).dx,
                      tolerance: 2 * ofTangent,
                    },
                    { values: sums, tolerance: sumTolerance(n, Math.sqrt(n)) },
                    { values: products, tolerance: sumTolerance(n, productScale(n)) },
                  ];
                },
              },
              {
                ...common,
                name: `standardise and scale ${title}`,
                operands: { x, w, b, mean: random([channels], 7), s },
                trace: ({ x, w, b, mean, s }: Record<string, Tensor>) => [
                  ...standardizeAffine(x!, mean!, s!, view, { of, w: w!, b: b!, keep: true }),
                ],
                expect: ({ x, w, b, mean, s }: Record<string, Values>) => {
                  const expected = Float64Array.from(x!, (v, at) => {
                    const c = Math.floor(at / inner) % channels;
                    return (v - mean![c]!) * s![c]!;
                  });
                  return [
                    { values: expected, tolerance: 8 * U },
                    { values: reference.scaleShift(expected, w!, b!, view), tolerance: 16 * U },
                  ];
                },
              },
            ]
          : []),
      ];
    }),
  );
}

/** Momenta, and how many batches came before. */
const MOMENTA = [
  [0.1, 0],
  [0.75, 3],
  [null, 0],
  // Past what float32 counts.
  [null, 2 ** 24 + 1],
] as const;

function statistics(): Trial[] {
  return MOMENTA.flatMap(([momentum, before], i) =>
    ([1, 3] as const).map((replicas): Trial => {
      const channels = [1, 65, 33, 127][i]!;
      const layout = flatLayout([
        { name: 'mean', shape: [channels] },
        { name: 'variance', shape: [channels] },
        { name: 'count', shape: [] },
      ]);
      const [meanAt, varianceAt, countAt] = layout.entries.map(({ offset }) => offset) as [
        number,
        number,
        number,
      ];
      const start = (replica: number): Float32Array => {
        const flat = uniform(layout.length, 9 + replica);
        new Uint32Array(flat.buffer)[countAt] = before;
        return flat;
      };
      const n = 7;
      return {
        kernel: 'norm/runningStatistics',
        name: `momentum ${momentum}, batch ${before + 1}, ${shapeName([channels], replicas)}`,
        replicas,
        operands: {
          mean: random([channels], 1),
          variance: random([channels], 2, { low: 0, high: 2 }),
          running: given([layout.length], start, { changed: true }),
        },
        trace: ({ mean, variance }, { running }) => {
          const into = { state: running!, meanAt, varianceAt, countAt, momentum };
          updateRunningStatistics(into, mean!, variance!, n);
          return [];
        },
        expect: ({ mean, variance, running }) => {
          const expected = Float64Array.from(running!);
          const unbiased = Float64Array.from(variance!, (v) => (v * n) / (n - 1));
          const after = (at: number, batch: ArrayLike<number>): void =>
            expected.set(
              reference.updateRunning(running!.subarray(at, at + channels), batch, momentum, before + 1),
              at,
            );
          after(meanAt, mean!);
          after(varianceAt, unbiased);
          // The count is an integer: its bits are compared, read as the tiny float32 that they are.
          expected[countAt] = new Float32Array(Uint32Array.of(before + 1).buffer)[0]!;
          // Two products and a sum, each of at most 2·7/6, with a share that is rounded.
          const tolerance = new Float64Array(layout.length).fill(16 * U);
          tolerance[countAt] = 0;
          return [{ values: expected, tolerance }];
        },
      };
    }),
  );
}
