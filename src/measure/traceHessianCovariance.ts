import { vjp } from '../autograd/vjp.ts';
import type { Gpu } from '../gpu/device.ts';
import { State } from '../gpu/state.ts';
import { submitAhead } from '../gpu/submitAhead.ts';
import { purpose } from '../nn/purpose.ts';
import { advance } from '../ops/advance.ts';
import { broadcast } from '../ops/broadcast.ts';
import { fill } from '../ops/fill.ts';
import { pack } from '../ops/flat.ts';
import { read } from '../ops/leaf.ts';
import { randomSigns } from '../ops/randomSigns.ts';
import { scale } from '../ops/scale.ts';
import { store } from '../ops/store.ts';
import { subtract } from '../ops/subtract.ts';
import { mean as meanOf } from '../ops/sum.ts';
import { type Estimate, estimateFrom } from './estimate.ts';
import type { LinearOperator } from './operator.ts';
import { Pass, type Point, unitsOf } from './pass.ts';
import { MANY, Samples } from './samples.ts';
import { WeightedGradient } from './weightedGradient.ts';

/**
 * tr(AΣ) by random signs: v = Σₙ (sₙ − s̄)/√(N − 1)·gₙ is one reweighted backward pass, and vᵀAv is unbiased for tr(AΣ), Σ
 * with divisor N − 1. Uncentred signs are biased. No per-example gradient is formed.
 * @param operator A: the Hessian at this point, for B_noise
 * @throws RangeError for fewer than two examples (units)
 */
export async function estimateTraceCovariance(
  gpu: Gpu,
  point: Point,
  operator: LinearOperator,
  { probes, seed }: { readonly probes: number; readonly seed: number },
): Promise<Estimate> {
  const units = unitsOf(point);
  if (units < 2) throw new RangeError('one example has no covariance');
  const { directions } = operator;
  const width = directions.length;
  const samples = new Samples(gpu, probes + width);
  try {
    const gradient = samples.own(await WeightedGradient.open(gpu, point));
    const counters = samples.own(new State(gpu, { label: 'probes', shape: [3], dtype: 'u32' }));
    const stream = { purpose: purpose.exampleSigns, seeds: samples.seed(seed), counters };
    const weigh = await samples.program('centred signs', (graph) => {
      const signs = randomSigns(graph, stream, units);
      const centred = subtract(signs, broadcast(meanOf(signs), [units], { from: 0, to: 1 }));
      store(gradient.weights, scale(centred, 1 / Math.sqrt(units - 1)));
      advance(graph, counters, 1, MANY);
    });
    const take = await Promise.all(
      directions.map((direction) =>
        samples.program('weighted gradient', (graph) => store(direction, read(graph, gradient.sum))),
      ),
    );
    const forms = await samples.quadraticForms(operator);
    for (let done = 0; done < probes; done += width) {
      for (const program of take.slice(0, probes - done)) {
        await submitAhead(gpu, [weigh]);
        await gradient.run([program]);
      }
      await operator.apply([forms]);
    }
    return estimateFrom(await samples.read(probes));
  } finally {
    samples.dispose();
  }
}

/**
 * tr(AΣ) = Σₙ (gₙ − ḡ)ᵀA(gₙ − ḡ)/(N − 1) from every example (unit): N products over the data, and each one's gradient from
 * a pass over itself alone.
 * @param mean ḡ, flat [P]
 * @throws RangeError for fewer than two examples (units)
 */
export async function exactTraceCovariance(
  gpu: Gpu,
  point: Point,
  operator: LinearOperator,
  mean: Float32Array,
): Promise<Estimate> {
  const units = unitsOf(point);
  if (units < 2) throw new RangeError('one example has no covariance');
  const { layout, directions } = operator;
  const width = directions.length;
  const samples = new Samples(gpu, units + width);
  try {
    const flat = (label: string): State => samples.own(new State(gpu, { label, shape: [layout.length] }));
    const [centre, deviation] = [flat('mean gradient'), flat('deviation')];
    centre.write(mean);
    const each = samples.own(
      await Pass.open(
        gpu,
        'single gradients',
        { ...point, ghostBatch: point.ghostBatch ?? 1 },
        ({ graph, parameters, losses, weigh }) => {
          const { of } = vjp([[losses, weigh(fill(graph, 1, [1]))]], parameters);
          const gradients = of.map((g, i) => g ?? fill(graph, 0, parameters[i]!.shape));
          store(deviation, subtract(pack(layout, gradients), read(graph, centre)));
        },
      ),
    );
    const take = await Promise.all(
      directions.map((direction) =>
        samples.program('deviation', (graph) => store(direction, read(graph, deviation))),
      ),
    );
    const forms = await samples.quadraticForms(operator);
    for (let unit = 0; unit < units; unit += width) {
      for (const [i, program] of take.slice(0, units - unit).entries())
        await each.runOne(unit + i, [program]);
      await operator.apply([forms]);
    }
    const total = (await samples.read(units)).reduce((sum, form) => sum + form, 0);
    return { value: total / (units - 1), stderr: 0, probes: units };
  } finally {
    samples.dispose();
  }
}
