import { jvp } from '../../autograd/jvp.ts';
import { vjp } from '../../autograd/vjp.ts';
import type { Gpu } from '../../gpu/device.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { exampleLosses } from '../../nn/exampleLosses.ts';
import { forward } from '../../nn/forward.ts';
import { dot, normSq } from '../../ops/dot.ts';
import { fill } from '../../ops/fill.ts';
import { pack, unpack } from '../../ops/flat.ts';
import { read } from '../../ops/leaf.ts';
import { multiply } from '../../ops/multiply.ts';
import { reciprocal } from '../../ops/reciprocal.ts';
import { gather } from '../../ops/state/gather.ts';
import { sampleIndices } from '../../ops/state/sampling.ts';
import { type Point, requireOneModel } from '../pass.ts';
import { type Estimate, estimateFrom } from '../statistics/estimate.ts';
import { Samples } from './samples.ts';

/**
 * Batch sharpness E_B[g_BᵀH_Bg_B/|g_B|²] (Andreyev & Beneventano 2024): the curvature that a step of SGD sees along itself, H_B
 * the Hessian of the batch's own loss. SGD without momentum holds it at 2/ε. The mean over batches drawn with replacement,
 * with its standard error.
 * @param options.batches how many batches are drawn
 * @throws RangeError for parameters of several replicas
 */
export async function batchSharpness(
  gpu: Gpu,
  point: Point,
  {
    batchSize,
    batches,
    seed,
  }: { readonly batchSize: number; readonly batches: number; readonly seed: number },
): Promise<Estimate> {
  requireOneModel('batch sharpness', point);
  const { model, layout, theta, examples, context } = point;
  const samples = new Samples(gpu, batches);
  try {
    samples.begin(seed);
    const one = await samples.program(`batch sharpness B=${batchSize}`, (graph) => {
      // Drawn by the seed and the step, which counts the batches.
      const { counters, seeds } = samples;
      const sampling = { mode: 'iid' as const, examples: examples.examples, seeds, counters };
      const [x, targets] = gather(examples, sampleIndices(graph, sampling, batchSize));
      const flat = read(graph, theta);
      const parameters = unpack(flat, layout);
      const losses = exampleLosses(model.loss, forward(model, parameters, x, context), targets);
      const { of } = vjp([[losses, fill(graph, 1 / batchSize, [batchSize])]], parameters);
      const gradient = pack(
        layout,
        of.map((g, i) => g ?? fill(graph, 0, parameters[i]!.shape)),
      );
      const [product] = jvp([gradient], [[flat, gradient]]);
      const curved = product ? dot(gradient, product) : fill(graph, 0, []);
      samples.put(graph, multiply(curved, reciprocal(normSq(gradient))));
    });
    for (let batch = 0; batch < batches; batch++) await submitAhead(gpu, [one]);
    return estimateFrom(await samples.read(batches));
  } finally {
    samples.dispose();
  }
}
