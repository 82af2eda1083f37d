import { imageAugmentation } from '../../data/imageAugmentation.ts';
import { augment, gather, record } from '../../ops/index.ts';
import { advance } from '../../ops/state/advance.ts';
import { adam, packAdamSettings } from '../../optim/adam.ts';
import { average } from '../../optim/average.ts';
import { capture, captureMean } from '../../optim/lawa.ts';
import { packSettings, sgd } from '../../optim/sgd.ts';
import { swag } from '../../optim/swag.ts';
import { adam as adamReference } from '../../reference/adam.ts';
import { advance as advanceReference } from '../../reference/advance.ts';
import { average as averageReference } from '../../reference/average.ts';
import {
  captureMean as captureMeanReference,
  capture as captureReference,
} from '../../reference/captures.ts';
import { gather as gatherReference } from '../../reference/gather.ts';
import { record as recordReference } from '../../reference/record.ts';
import { sgd as sgdReference } from '../../reference/sgd.ts';
import { shiftImage } from '../../reference/shiftImage.ts';
import { swag as swagReference } from '../../reference/swag.ts';
import { sumTolerance, U } from '../tolerance.ts';
import { EDGES, shapeName, type Trial, type Values } from '../trial.ts';
import { given, integers, random } from '../values.ts';

/** Every rule of torch.optim.SGD. */
const SETTINGS = [
  { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
  { momentum: 0, dampening: 0, weightDecay: 0.0625, nesterov: false },
  { momentum: 0.875, dampening: 0.25, weightDecay: 0, nesterov: false },
  { momentum: 0.875, dampening: 0, weightDecay: 0.0625, nesterov: true },
] as const;
const RATES = [0.5, 0.25, 0.125, 0.0625];

/** A step of SGD over a flat vector, which is in fours; each replica has the next of the settings, from `first` on. */
export function sgdTrial(vectors: number, step: number, first: number, replicas: 1 | 3): Trial {
  const elements = 4 * vectors;
  const settings = (replica: number) => SETTINGS[(first + replica) % SETTINGS.length]!;
  return {
    kernel: 'training/sgd',
    name: `${shapeName([elements], replicas)}, step ${step}, settings ${first}`,
    replicas,
    operands: {
      theta: random([elements], 1, { changed: true }),
      velocity: random([elements], 2, { changed: true }),
      gradient: random([elements], 3),
      rates: given([4], Float32Array.from(RATES)),
      hyper: given([4], (replica) => packSettings(settings(replica))),
      counters: given([3], Uint32Array.of(step, 0, 0), { shared: true }),
    },
    trace: ({ gradient }, { theta, velocity, rates, hyper, counters }) => {
      const state = {
        theta: theta!,
        velocity: velocity!,
        rates: rates!,
        hyper: hyper!,
        counters: counters!,
      };
      sgd(state, gradient!);
      return [];
    },
    expect: ({ theta, velocity, gradient, hyper }) => {
      const [momentum, dampening, weightDecay, nesterov] = hyper as unknown as [
        number,
        number,
        number,
        number,
      ];
      const next = sgdReference(theta!, velocity!, gradient!, {
        step,
        rate: RATES[step]!,
        momentum,
        dampening,
        weightDecay,
        nesterov: nesterov !== 0,
      });
      // Numbers up to 1, in at most six roundings of numbers up to 3.
      return [
        { values: next.theta, tolerance: 12 * U },
        { values: next.velocity, tolerance: momentum === 0 ? 0 : 12 * U },
      ];
    },
  };
}

function sgdTrials(): Trial[] {
  return [...EDGES, 1025].flatMap((vectors) =>
    ([0, 3] as const).flatMap((step) =>
      SETTINGS.map((_, first) => sgdTrial(vectors, step, first, first === 0 ? 3 : 1)),
    ),
  );
}

/** Of torch.optim.Adam and AdamW: β₁ = 0 among them, and a β₂ whose 1 − β₂ has few digits in float32. */
const ADAM_SETTINGS = [
  { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 },
  { betas: [0, 0.999999], eps: 0.25, weightDecay: 0.0625 },
  { betas: [0.5, 0.75], eps: 0.125, weightDecay: 0.5 },
] as const;

function adamTrials(): Trial[] {
  const rules = [false, true].flatMap((decoupled) =>
    [false, true].map((amsgrad) => ({ decoupled, amsgrad })),
  );
  const small = [...EDGES, 1025].flatMap((vectors) =>
    ([0, 3] as const).flatMap((step) => rules.map((rule) => adamTrial(vectors, step, rule))),
  );
  // Where βᵗ is near ½, a small number, and 0 in float32; 1 − 0.999999ᵗ is of as few digits at 999 as it is at 0.
  const late = [499, 700, 999, 999_999].map((step) => adamTrial(33, step, rules[1]!));
  return [...small, ...late];
}

/** A step of Adam over a flat vector, which is in fours; each replica has the next of the settings. */
function adamTrial(
  vectors: number,
  step: number,
  { decoupled, amsgrad }: { readonly decoupled: boolean; readonly amsgrad: boolean },
): Trial {
  const elements = 4 * vectors;
  const rate = 0.125;
  const square = (seed: number) => random([elements], seed, { low: 0.25, high: 1, changed: true });
  return {
    kernel: 'training/adam',
    name: `${decoupled ? 'AdamW' : 'Adam'} ${amsgrad ? 'amsgrad ' : ''}${shapeName([elements], 3)}, step ${step}`,
    replicas: 3,
    operands: {
      theta: random([elements], 1, { changed: true }),
      expAvg: random([elements], 2, { changed: true }),
      expAvgSq: square(3),
      ...(amsgrad ? { maxExpAvgSq: square(4) } : {}),
      gradient: random([elements], 5),
      rates: given([step + 1], new Float32Array(step + 1).fill(rate), { shared: true }),
      hyper: given([8], (replica) => packAdamSettings(ADAM_SETTINGS[replica % 3]!)),
      counters: given([3], Uint32Array.of(step, 0, 0), { shared: true }),
    },
    trace: ({ gradient }, { theta, expAvg, expAvgSq, maxExpAvgSq = null, rates, hyper, counters }) => {
      const moments = { expAvg: expAvg!, expAvgSq: expAvgSq!, maxExpAvgSq };
      adam(
        { theta: theta!, ...moments, rates: rates!, hyper: hyper!, counters: counters!, decoupled },
        gradient!,
      );
      return [];
    },
    expect: ({ theta, expAvg, expAvgSq, maxExpAvgSq, gradient, hyper }) => {
      const settings = ADAM_SETTINGS.find(({ eps }) => Math.fround(eps) === hyper![6])!;
      const moments = { theta: theta!, expAvg: expAvg!, expAvgSq: expAvgSq!, maxExpAvgSq };
      const next = adamReference(moments, gradient!, { step, rate, ...settings, decoupled });
      // Moments of numbers up to 1. m errs by 3U, and what it is multiplied with is at most 0.125/0.1/√(0.75 · 0.25); that errs by
      // 16U in 1 − β₁ᵗ (near βᵗ = ½, by the exponential), half as much in √(1 − β₂ᵗ), 4U to 5U in each of two roots and three quotients.
      const moved = next.theta.map((value, i) => 16 * U + 64 * U * Math.abs(value - theta![i]!));
      const found = [
        { values: next.theta, tolerance: moved },
        { values: next.expAvg, tolerance: 4 * U },
        { values: next.expAvgSq, tolerance: 4 * U },
      ];
      return next.maxExpAvgSq ? [...found, { values: next.maxExpAvgSq, tolerance: 4 * U }] : found;
    },
  };
}

function averageTrials(): Trial[] {
  return EDGES.flatMap((vectors) =>
    ([0, 1, 6] as const).flatMap((n) =>
      (['swa', 'ema'] as const).map((kind): Trial => {
        const elements = 4 * vectors;
        const replicas = n === 1 ? 3 : 1;
        return {
          kernel: 'training/average',
          name: `${kind} ${shapeName([elements], replicas)}, capture ${n}`,
          replicas,
          operands: {
            theta: random([elements], 1),
            average: random([elements], 2, { changed: true }),
            counters: given([3], Uint32Array.of(10 + 5 * n, 0, 0), { shared: true }),
          },
          trace: (_tensors, { theta, average: into, counters }, graph) => {
            const averaging = { kind, start: 10, every: 5, decay: 0.875 };
            average(graph, { averaging, theta: theta!, average: into!, counters: counters! });
            return [];
          },
          expect: ({ theta, average: before }) => [
            {
              values: averageReference(theta!, before!, n, kind === 'ema' ? 0.875 : null),
              tolerance: n === 0 ? 0 : 8 * U,
            },
          ],
        };
      }),
    ),
  );
}

/** Captures after steps 10, 15, …, into a ring of 3: the n-th is there after step 10 + 5n, and until the next one. */
const CAPTURES = { start: 10, every: 5 };
const SLOTS = 3;

function captureTrials(): Trial[] {
  return EDGES.flatMap((vectors) =>
    ([0, 1, 7] as const).flatMap((n): Trial[] => {
      const elements = 4 * vectors;
      const replicas = n === 1 ? 3 : 1;
      const name = `${shapeName([elements], replicas)}, capture ${n}`;
      const counters = (step: number) => given([3], Uint32Array.of(step, 0, 0), { shared: true });
      return [
        {
          kernel: 'training/capture',
          name,
          replicas,
          operands: {
            theta: random([elements], 1),
            ring: random([SLOTS, elements], 2, { changed: true }),
            counters: counters(10 + 5 * n),
          },
          trace: (_tensors, { theta, ring, counters }, graph) => {
            capture(graph, { captures: CAPTURES, ring: ring!, counters: counters! }, theta!);
            return [];
          },
          expect: ({ theta, ring }) => [{ values: captureReference(theta!, ring!, n), tolerance: 0 }],
        },
        {
          kernel: 'training/captureMean',
          name,
          replicas,
          operands: {
            ring: random([SLOTS, elements], 2),
            average: random([elements], 3, { changed: true }),
            counters: counters(14 + 5 * n),
          },
          trace: (_tensors, { ring, average: into, counters }, graph) => {
            captureMean(graph, { captures: CAPTURES, ring: ring!, counters: counters! }, into!);
            return [];
          },
          // Differences up to 2, two of them, their sum over 3, and the first one.
          expect: ({ ring }) => [{ values: captureMeanReference(ring!, elements, n), tolerance: 12 * U }],
        },
      ];
    }),
  );
}

function swagTrials(): Trial[] {
  return EDGES.flatMap((vectors) =>
    ([0, 1, 6] as const).map((n): Trial => {
      const elements = 4 * vectors;
      const replicas = n === 1 ? 3 : 1;
      return {
        kernel: 'training/swag',
        name: `${shapeName([elements], replicas)}, capture ${n}`,
        replicas,
        operands: {
          theta: random([elements], 1),
          mean: random([elements], 2, { changed: true }),
          squares: random([elements], 3, { low: 0, changed: true }),
          counters: given([3], Uint32Array.of(10 + 5 * n, 0, 0), { shared: true }),
        },
        trace: (_tensors, { theta, mean, squares, counters }, graph) => {
          swag(graph, { captures: CAPTURES, mean: mean!, squares: squares!, counters: counters! }, theta!);
          return [];
        },
        expect: ({ theta, mean, squares }) => {
          const next = swagReference(theta!, { mean: mean!, squares: squares! }, n);
          // Deviations up to 2, each of a few roundings, their product up to 4.
          return [
            { values: next.mean, tolerance: n === 0 ? 0 : 8 * U },
            { values: next.squares, tolerance: n === 0 ? 0 : 32 * U },
          ];
        },
      };
    }),
  );
}

const EXAMPLES = 23;

function gatherTrials(): Trial[] {
  const cases = [
    [1, 1, 'one data set', 1],
    [33, 65, 'one data set', 1],
    [7, 127, 'one data set', 3],
    [65, 33, 'one data set', 1],
    [5, 784, 'own data', 3],
    [9, 61, 'own targets', 3],
    [3, 3073, 'one data set', 1],
  ] as const;
  return cases.flatMap(([batch, features, whose, replicas]) =>
    (['bytes', 'floats', 'indices'] as const).flatMap((elements) =>
      [false, true].map((asGpu): Trial => {
        const bytes = elements === 'bytes';
        const rowWords = bytes ? Math.ceil(features / 4) : features;
        const width = bytes ? 1 : 3;
        const inputs = (replica: number) => {
          if (!bytes) return random([features * EXAMPLES], 5).values(replica) as Float32Array;
          return Float32Array.from(integers(features * EXAMPLES, 5 + replica, 256));
        };
        const words = (replica: number): Uint32Array => {
          if (elements === 'indices') return integers(features * EXAMPLES, 5 + replica, 2 ** 24);
          const values = inputs(replica);
          if (!bytes) return new Uint32Array(values.buffer);
          const packed = new Uint8Array(4 * rowWords * EXAMPLES);
          for (const [i, value] of values.entries()) {
            packed[Math.floor(i / features) * 4 * rowWords + (i % features)] = value;
          }
          return new Uint32Array(packed.buffer);
        };
        const unpacked = (data: Values): Values => {
          if (elements === 'indices') return data;
          if (!bytes) return new Float32Array(data.buffer, data.byteOffset, data.length);
          const packed = new Uint8Array(data.buffer, data.byteOffset, 4 * data.length);
          return Float32Array.from({ length: features * EXAMPLES }, (_, i) => {
            return packed[Math.floor(i / features) * 4 * rowWords + (i % features)]!;
          });
        };
        const indices = given([batch], (replica) => integers(batch, 8 + replica, EXAMPLES));
        const sharedTargets = { shared: whose === 'one data set' };
        const targets = bytes
          ? given([EXAMPLES, 1], (replica) => integers(EXAMPLES, 9 + replica, 10), sharedTargets)
          : random([EXAMPLES, 3], 9, sharedTargets);
        return {
          kernel: 'training/gather',
          name: `${elements} ${shapeName([batch, features], replicas)}, ${whose}`,
          replicas,
          asGpu,
          operands: {
            data: given([EXAMPLES, rowWords], words, { shared: whose !== 'own data' }),
            targets,
            indices,
          },
          trace: ({ indices }, { data, targets }) =>
            gather(
              { data: data!, elements, exampleShape: [features], targets: targets!, examples: EXAMPLES },
              indices!,
            ),
          expect: ({ data, targets, indices }) => {
            const x = gatherReference(unpacked(data!), indices!, features, bytes ? 255 : 1);
            return [
              { values: x, tolerance: bytes ? 6 * U : 0 },
              { values: gatherReference(targets!, indices!, width), tolerance: 0 },
            ];
          },
        };
      }),
    ),
  );
}

/** Images of one number, of one row, and of several channels; each way of one image is met by some seed and step. */
function augmentTrials(): Trial[] {
  const cases = [
    [5, [1, 1, 1], 0, true, 1],
    [33, [1, 4, 5], 1, false, 3],
    [65, [2, 3, 3], 2, true, 1],
    [7, [3, 1, 33], 0, true, 3],
    [3, [1, 28, 28], 4, true, 3],
  ] as const;
  return cases.flatMap(([batch, image, shift, flip, replicas]) =>
    [false, true].map((asGpu): Trial => {
      const features = image[0] * image[1] * image[2];
      const step = 2 ** 20 + batch;
      return {
        kernel: 'training/augment',
        name: `${shapeName([batch, ...image], replicas)}, shift ${shift}${flip ? ', flip' : ''}`,
        replicas,
        asGpu,
        operands: {
          x: random([batch, features], 3),
          seeds: given([1], (replica) => Uint32Array.of(0xdeadbeef + replica)),
          counters: given([3], Uint32Array.of(step, 1, 7), { shared: true }),
        },
        trace: ({ x }, { seeds, counters }) => [
          augment(x!, { image, shift, flip }, { seeds: seeds!, counters: counters! }),
        ],
        expect: ({ x, seeds }) => {
          const values = new Float64Array(batch * features);
          for (let position = 0; position < batch; position++) {
            const drawn = imageAugmentation({ shift, flip }, { seed: seeds![0]!, step, position });
            const at = position * features;
            values.set(shiftImage(x!.subarray(at, at + features), image, drawn), at);
          }
          return [{ values, tolerance: 0 }];
        },
      };
    }),
  );
}

/** Counters of the replicas' own, and shared ones, which a second kernel advances. */
function recordTrials(): Trial[] {
  const [slots, examples] = [4, 90];
  return EDGES.flatMap((batch) =>
    [true, false].flatMap((shared) =>
      [
        { count: 0, extents: [] },
        { count: 2, extents: [] },
        { count: 2, extents: [3, 65] },
        { count: 0, extents: [7] },
      ].map(({ count, extents }): Trial => {
        const elements = extents.reduce((sum, extent) => sum + extent, 0);
        const stride = 1 + count + elements;
        const counters = [6, 2, 71] as const;
        return {
          kernel: 'training/record',
          name: `${shapeName([batch], 3)}, ${count} + ${elements} statistics, ${shared ? 'shared' : 'own'} counters`,
          replicas: 3,
          operands: {
            losses: random([batch], 1, { low: 0, high: 3 }),
            first: random([], 2),
            second: random([], 3),
            ...Object.fromEntries(extents.map((extent, i) => [`vector ${i}`, random([extent], 5 + i)])),
            ring: random([slots, stride], 4, { changed: true }),
            counters: given([3], Uint32Array.from(counters), { shared, changed: true }),
          },
          trace: ({ losses, first, second, ...others }, { ring, counters }) => {
            const scalars = count === 0 ? [] : [first!, second!];
            const vectors = extents.map((_, i) => others[`vector ${i}`]!);
            record({ counters: counters!, ring: ring!, examples }, losses!, [...scalars, ...vectors]);
            return [];
          },
          expect: ({ losses, first, second, ring, ...others }) => {
            const scalars = count === 0 ? [] : [first![0]!, second![0]!];
            const statistics = [...scalars, ...extents.flatMap((_, i) => [...others[`vector ${i}`]!])];
            const values = recordReference(ring!, { slots, stride, step: counters[0] }, losses!, statistics);
            const tolerance = Float64Array.from(values, (_, at) =>
              at === (counters[0] % slots) * stride ? sumTolerance(batch, 3 * batch) / batch : 0,
            );
            return [
              { values, tolerance },
              { values: advanceReference(counters, batch, examples), tolerance: 0 },
            ];
          },
        };
      }),
    ),
  );
}

function advanceTrials(): Trial[] {
  return EDGES.flatMap((batch) =>
    [1, 3].map(
      (steps): Trial => ({
        kernel: 'training/advance',
        name: `${batch} of 60${steps > 1 ? `, ${steps} steps` : ''}`,
        replicas: 1,
        operands: { counters: given([3], Uint32Array.of(4, 1, 59), { shared: true, changed: true }) },
        trace: (_tensors, { counters }, graph) => {
          advance(graph, counters!, batch, 60, steps);
          return [];
        },
        expect: () => [{ values: advanceReference([4, 1, 59], batch, 60, steps), tolerance: 0 }],
      }),
    ),
  );
}

export function trainingTrials(): Trial[] {
  return [
    ...sgdTrials(),
    ...adamTrials(),
    ...averageTrials(),
    ...captureTrials(),
    ...swagTrials(),
    ...gatherTrials(),
    ...augmentTrials(),
    ...recordTrials(),
    ...advanceTrials(),
  ];
}
