import { perExample } from '../../autograd/perExample.ts';
import { add } from '../../ops/add.ts';
import { dot, normSq } from '../../ops/dot.ts';
import type { Tensor } from '../../ops/graph.ts';
import { allLooks } from '../allLooks.ts';
import { unitSlopes } from '../gradient/directionalDerivatives.ts';
import type { MeasuredOf, Numbers, Quantity } from '../quantity.ts';
import { curvatureErrors } from '../statistics/curvatureErrors.ts';
import { type CurvatureNoise, curvatureNoise } from '../statistics/curvatureNoise.ts';
import { leaveOneOut } from '../statistics/leaveOneOut.ts';
import type { TracedBatch } from '../tracedBatch.ts';
import { covarianceProbes, covarianceTraceBy } from './covarianceProbes.ts';
import { hessianOf } from './hessianProduct.ts';
import { unitForms } from './unitForms.ts';

/** Of which examples, and by how many probes. */
export interface NoiseOfFirstOptions {
  /** The first so many of the data. */
  readonly examples: number;
  /** Random vectors behind tr(HΣ), two or more. */
  readonly probes: number;
}

/** The same vectors at each look: what is compared between steps has no other probes. */
const SEED = 0;

/**
 * B_noise and ε_max of a fixed subset's mean loss, with their errors over its examples: what `pointNoise` finds over a data set, of one
 * batch and of sums and rows that a step's readings can hold. A gradient with its examples' norms, a Hessian product and a pass of
 * tangents; for each probe a backward pass, a product and two passes of tangents. Without gradients of single examples, under
 * BatchNorm in train mode, the curvature alone.
 */
export function noiseOfFirst({ examples, probes }: NoiseOfFirstOptions): Quantity<CurvatureNoise> {
  const probesOf = (units: number) => covarianceProbes(units, { from: 0, to: probes, seed: SEED });
  return {
    trace(batch) {
      const first = batch.first(examples);
      const along = alongMean(first);
      if (!first.hasUnits || first.units < 2) return { values: () => along };
      const ofCovariance = probesOf(first.units);
      for (const [name, values] of Object.entries(ofCovariance.given!)) {
        const spec = { shape: [first.units], initial: () => values, shared: true, constant: true };
        first.gathering.memory(name, spec);
      }
      const found = allLooks('tr(HΣ)', ofCovariance.trace(first), first);
      return { values: () => ({ ...along, ...found }) };
    },
    read: (numbers, of) => read(numbers, of, probesOf),
  };
}

/** |ḡ|² and ḡᵀHḡ, and of each example |gₙ/N|², ⟨gₙ, ḡ⟩, ⟨gₙ, Hḡ⟩ and ḡᵀHₙḡ. */
function alongMean(first: TracedBatch): Readonly<Record<string, Tensor>> {
  const gradient = first.gradient(first.meanWeights);
  const product = hessianOf(first)(gradient);
  const whole = { gradNormSq: normSq(gradient), gHg: dot(gradient, product) };
  if (!first.hasUnits || first.units < 2) return whole;
  const norms = perExample(first.cotangents(first.meanWeights), first.parameters).map((each) =>
    each.norms(1),
  );
  return {
    ...whole,
    norms: norms.reduce(add),
    dots: unitSlopes(first, gradient),
    influenceSlopes: unitSlopes(first, product),
    influenceForms: unitForms(first, gradient, gradient),
  };
}

function read(
  numbers: Numbers,
  measured: MeasuredOf,
  probesOf: (units: number) => ReturnType<typeof covarianceProbes>,
): CurvatureNoise {
  const of = (name: string): Float32Array => numbers[name] as Float32Array;
  const [gradNormSq, gHg] = [of('gradNormSq')[0]!, of('gHg')[0]!];
  if (!numbers.norms) return curvatureNoise({ gradNormSq, gHg, trace: null, units: 1, exact: false }, null);
  const dots = of('dots');
  const units = dots.length;
  // The cotangent of each example's loss is 1/N.
  const squares = Float64Array.from(of('norms'), (norm) => norm * units ** 2);
  const spread = squares.reduce((sum, square) => sum + square, 0) - units * gradNormSq;
  const sample = { gradNormSq, traceCovariance: spread / (units - 1), normSq: squares, dots };
  const trace = covarianceTraceBy(units, [probesOf(units).read(numbers, measured)]);
  const left = leaveOneOut(sample);
  const forms = of('influenceForms');
  const influence = Float64Array.from(of('influenceSlopes'), (slope, n) => 2 * slope + forms[n]!);
  const errors = left && curvatureErrors({ ...sample, gHg, influence, trace }, left);
  return curvatureNoise({ gradNormSq, gHg, trace, units, exact: false }, errors);
}
