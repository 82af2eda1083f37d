import { flatLayout } from '../../ops/flat.ts';
import { type PerceptronShape, perceptronStep } from '../../optim/perceptronStep.ts';
import { packSettings } from '../../optim/sgd.ts';
import { perceptronGradient } from '../../reference/perceptronStep.ts';
import { sgd as sgdReference } from '../../reference/sgd.ts';
import { expError, sumTolerance, U } from '../tolerance.ts';
import { shapeName, type Trial } from '../trial.ts';
import { given, integers, random, uniform } from '../values.ts';

const SHAPES: readonly PerceptronShape[] = [
  { batch: 1, widths: [1, 1], activation: 'none', loss: 'squaredError' },
  { batch: 33, widths: [33, 10], activation: 'none', loss: 'crossEntropy' },
  { batch: 5, widths: [65, 33, 3], activation: 'relu', loss: 'crossEntropy' },
  { batch: 4, widths: [127, 65, 3], activation: 'tanh', loss: 'squaredError' },
  { batch: 8, widths: [20, 64, 64, 10], activation: 'relu', loss: 'crossEntropy' },
  { batch: 7, widths: [3, 5, 7, 6, 4], activation: 'sigmoid', loss: 'crossEntropy' },
];
const SETTINGS = [
  { momentum: 0, dampening: 0, weightDecay: 0.0625, nesterov: false },
  { momentum: 0.875, dampening: 0.25, weightDecay: 0, nesterov: false },
  { momentum: 0.875, dampening: 0, weightDecay: 0.0625, nesterov: true },
] as const;
const RATE = 0.25;

/** A whole step; each replica has the next of the settings, from `first` on. */
function stepTrial(shape: PerceptronShape, step: number, first: number, replicas: 1 | 3): Trial {
  const { batch, widths, activation, loss } = shape;
  const outputs = widths.at(-1)!;
  const layers = widths.slice(1).map((rows, l) => ({ rows, columns: widths[l]! }));
  const { entries, length } = flatLayout(
    layers.flatMap(({ rows, columns }, l) => [
      { name: `${l}.weight`, shape: [rows, columns] },
      { name: `${l}.bias`, shape: [rows] },
    ]),
  );
  const settings = (replica: number) => SETTINGS[(first + replica) % SETTINGS.length]!;
  // As layers are begun, so that what goes through one has the size that it had.
  const weights = (replica: number): Float32Array => {
    const flat = uniform(length, 1 + 1000 * replica);
    for (const { offset, elements, shape: extents } of entries) {
      const bound = 1 / Math.sqrt(extents[1] ?? 4);
      for (let i = offset; i < offset + elements; i++) flat[i]! *= bound;
    }
    return flat;
  };
  return {
    kernel: 'perceptron/stepSubgroup',
    name: `${widths.join('-')} ${activation} ${loss}, ${shapeName([batch], replicas)}, step ${step}, settings ${first}`,
    replicas,
    runsOn: ({ subgroups, subgroupSize, largestSubgroup }) =>
      subgroups && subgroupSize >= 4 && subgroupSize === largestSubgroup,
    operands: {
      theta: given([length], weights, { changed: true }),
      velocity: random([length], 2, { changed: true }),
      rates: given([4], new Float32Array(4).fill(RATE)),
      hyper: given([4], (replica) => packSettings(settings(replica))),
      counters: given([3], Uint32Array.of(step, 0, 0), { shared: true }),
      x: random([batch, widths[0]!], 3),
      targets:
        loss === 'crossEntropy'
          ? given([batch], (replica) => integers(batch, 4 + replica, outputs))
          : random([batch, outputs], 4),
    },
    trace: ({ x, targets }, { theta, velocity, rates, hyper, counters }) => {
      const state = {
        theta: theta!,
        velocity: velocity!,
        rates: rates!,
        hyper: hyper!,
        counters: counters!,
      };
      const offsets = entries.map(({ offset }) => offset);
      const places = {
        weights: offsets.filter((_, i) => i % 2 === 0),
        biases: offsets.filter((_, i) => i % 2 === 1),
      };
      const momentum = Array.from({ length: replicas }, (_, r) => settings(r).momentum).some((m) => m !== 0);
      const isSquare = loss === 'squaredError';
      const scale = (isSquare ? 2 / outputs : 1) / batch;
      const lossScale = isSquare ? 1 / outputs : 1;
      return [perceptronStep({ shape, places, state, scale, lossScale, momentum }, x!, targets!)];
    },
    expect: ({ theta, velocity, hyper, x, targets }) => {
      const part = (i: number): ArrayLike<number> => {
        const { offset, elements } = entries[i]!;
        return theta!.subarray(offset, offset + elements);
      };
      const { losses, gradients } = perceptronGradient({
        batch,
        widths,
        activation,
        loss,
        x: x!,
        targets: targets!,
        layers: layers.map((_, l) => ({ weight: part(2 * l), bias: part(2 * l + 1) })),
      });
      const [momentum, dampening, weightDecay, nesterov] = hyper as unknown as [
        number,
        number,
        number,
        number,
      ];
      const next = { theta: Float64Array.from(theta!), velocity: Float64Array.from(velocity!) };
      for (const [i, { offset, elements }] of entries.entries()) {
        const range = [offset, offset + elements] as const;
        const of = gradients[i >> 1]!;
        const rule = { step, rate: RATE, momentum, dampening, weightDecay, nesterov: nesterov !== 0 };
        const gradient = i % 2 === 0 ? of.weight : of.bias;
        const made = sgdReference(theta!.subarray(...range), velocity!.subarray(...range), gradient, rule);
        next.theta.set(made.theta, offset);
        next.velocity.set(made.velocity, offset);
      }
      // Sums along each layer forwards and backwards, through layers that double an error at most, an exponential each, and the
      // sum over the batch, whose terms are 1/B of what they are summed to.
      const sums = widths.reduce((total, width) => total + 2 * sumTolerance(width, 1), 0);
      const error = 2 * (sums + layers.length * expError(4) + sumTolerance(batch, 1));
      return [
        { values: losses, tolerance: error },
        { values: next.theta, tolerance: RATE * 2 * error + 12 * U },
        { values: next.velocity, tolerance: momentum === 0 ? 0 : error + 12 * U },
      ];
    },
  };
}

/** Whole steps of training, one kernel each: all rules at once, and some nets without momentum, whose kernel is another. */
export function perceptronTrials(): Trial[] {
  return [
    ...SHAPES.map((shape, i) => stepTrial(shape, 3 * (i % 2), i, 3)),
    ...SHAPES.slice(1, 3).map((shape) => stepTrial(shape, 3, 0, 1)),
  ];
}
