import { jvp } from '../autograd/jvp.ts';
import { perExample, perExampleNormSq } from '../autograd/perExample.ts';
import type { UnitSpread } from '../measure/statistics/unitSpread.ts';
import type { TracedGradient } from '../nn/traceGradient.ts';
import { add } from '../ops/add.ts';
import { broadcast } from '../ops/broadcast.ts';
import { dot, normSq } from '../ops/dot.ts';
import { fill } from '../ops/fill.ts';
import type { Tensor } from '../ops/graph.ts';
import { reshape } from '../ops/reshape.ts';
import { scale } from '../ops/scale.ts';
import { subtract } from '../ops/subtract.ts';
import { collapse, mean, sum } from '../ops/sum.ts';

/** What is measured of a step's gradient. */
export interface Measuring {
  /** b: the units are sub-batches of b consecutive examples; 1 for single examples. */
  readonly smallBatch: number;
  /** Also the spread of the units, from which tests of the gradient and standard errors follow. */
  readonly tests: boolean;
}

/** Gradient statistics that the device recorded of one step. */
export interface StepNoise {
  /** By parameter, in the layout's order: |ḡ|², and the mean of |g_u|² over the units. */
  readonly norms: readonly { readonly gradNormSq: number; readonly smallNormSq: number }[];
  /** Over the units, all parameters together; null where it is not measured. */
  readonly spread: UnitSpread | null;
}

/** Numbers that a step's statistics have in the ring. */
export function noiseWidth(parameters: number, { tests }: Measuring): number {
  return 2 * parameters + (tests ? 3 : 0);
}

/**
 * The statistics as scalars, in the order in which `readNoise` takes them. |g_u|² comes from the backward pass of the mean
 * loss, and d_u = ⟨g_u, ḡ⟩ of all units from one forward pass with ḡ for the parameters' tangent: d_u is the derivative
 * of unit u's loss along ḡ, whatever the layers.
 * @throws RangeError if the units do not divide the batch
 */
export function traceNoise(gradient: TracedGradient, { smallBatch, tests }: Measuring): Tensor[] {
  const { losses, cotangents, parameters, gradients } = gradient;
  const batchSize = losses.shape[0]!;
  if (batchSize % smallBatch !== 0) {
    throw new RangeError(`small batch ${smallBatch}, expected a divisor of the batch size ${batchSize}`);
  }
  const norms = perExampleNormSq(perExample(cotangents, parameters), smallBatch);
  return [
    ...gradients.map(normSq),
    ...norms.map((each) => sum(each)),
    ...(tests ? traceSpread(gradient, norms.reduce(add)) : []),
  ];
}

/** @param norms |g_u/U|² of every unit: for the cotangent 1/B of an example's loss */
function traceSpread({ losses, theta, mean: direction }: TracedGradient, norms: Tensor): Tensor[] {
  const { graph } = theta.node;
  const units = norms.shape[0]!;
  const smallBatch = losses.shape[0]! / units;
  const [tangents] = jvp([losses], [[theta, direction]]);
  const along = reshape(tangents ?? fill(graph, 0, losses.shape), [units, smallBatch]);
  const dots = scale(collapse(along, 1), 1 / smallBatch);
  // |g_u − ḡ|² but for a constant.
  const squares = subtract(scale(norms, units ** 2), scale(dots, 2));
  const centred = (v: Tensor): Tensor => subtract(v, broadcast(mean(v), v.shape, { from: 0, to: 1 }));
  const [q, d] = [centred(squares), centred(dots)];
  return [normSq(q), dot(q, d), normSq(d)];
}

/** The statistics from a row's numbers, as `traceNoise` made them. */
export function readNoise(
  values: Float32Array,
  { parameters, batchSize }: { readonly parameters: number; readonly batchSize: number },
  { smallBatch, tests }: Measuring,
): StepNoise {
  const norms = Array.from({ length: parameters }, (_, p) => ({
    gradNormSq: values[p]!,
    // The cotangent of each example's loss is 1/B: (B/b)² for the sub-batch's own mean, over B/b of them.
    smallNormSq: values[parameters + p]! * (batchSize / smallBatch),
  }));
  const [squares, products, dots] = values.subarray(2 * parameters);
  return { norms, spread: tests ? { squares: squares!, products: products!, dots: dots! } : null };
}
