import { perExample, perExampleMoments } from '../../autograd/perExample.ts';
import { vjp } from '../../autograd/vjp.ts';
import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { add } from '../../ops/add.ts';
import { normSq } from '../../ops/dot.ts';
import { fill } from '../../ops/fill.ts';
import { pack } from '../../ops/flat.ts';
import type { Tensor } from '../../ops/graph.ts';
import { mergeMoments } from '../../ops/perExample/mergeMoments.ts';
import { reshape } from '../../ops/reshape.ts';
import { append } from '../../ops/state/append.ts';
import { type MicroBatch, Pass, type Point, unitsOf } from '../pass.ts';

/** First and second moments of the per-example gradients over a data set. Host memory; flat vectors are [P]. */
export interface GradientMoments {
  /** [N], of examples also where a unit is a ghost batch. */
  readonly perExampleLoss: Float32Array;
  readonly perExampleGradNormSq: Float32Array;
  /** ḡ */
  readonly mean: Float32Array;
  /** Σₙ (gₙ − ḡ)² of every coordinate. */
  readonly centredSquares: Float32Array;
}

/**
 * Mean gradient, per-coordinate centred squares, per-example losses and gradient norms, in one pass over the data with
 * nothing of size N × P. gₙ is the gradient of example n's own loss; with ghost batches, of unit n's mean loss.
 * @throws RangeError for parameters of several replicas
 */
export function gradientMoments(gpu: Gpu, point: Point): Promise<GradientMoments> {
  return Scope.within((scope) => momentsWithin(scope, gpu, point));
}

async function momentsWithin(scope: Scope, gpu: Gpu, point: Point): Promise<GradientMoments> {
  const { layout, examples } = point;
  const each = (label: string, count: number): State => scope.own(new State(gpu, { label, shape: [count] }));
  const flat = (label: string): State => each(label, layout.length);
  const [mean, centredSquares] = [flat('mean gradient'), flat('centred squares')];
  const losses = each('per-example losses', examples.examples);
  const norms = each('per-example norms', unitsOf(point));
  const tracePass = (batch: MicroBatch): void => {
    const { graph, parameters, counters, units, unitCounters } = batch;
    const cotangents = vjp([[batch.losses, batch.weigh(fill(graph, 1, [units]))]], parameters);
    const into = { mean, centredSquares, counters: unitCounters };
    if (point.ghostBatch !== undefined) {
      const gradients = cotangents.of.map((g, i) => g ?? fill(graph, 0, parameters[i]!.shape));
      const gradient = pack(layout, gradients);
      mergeMoments(into, gradient, fill(graph, 0, gradient.shape), 1);
      append(norms, reshape(normSq(gradient), [1]), unitCounters);
    } else {
      const moments = perExampleMoments(perExample(cotangents, parameters));
      const packed = (of: 'gradient' | 'centredSquares'): Tensor =>
        pack(
          layout,
          moments.map((m) => m[of]),
        );
      mergeMoments(into, packed('gradient'), packed('centredSquares'), batch.batch);
      append(norms, moments.map((m) => m.normSq).reduce(add), counters);
    }
    append(losses, batch.losses, counters);
  };
  const pass = scope.own(await Pass.open(gpu, 'gradient moments', point, tracePass));
  await pass.run();
  return {
    perExampleLoss: await losses.read(),
    perExampleGradNormSq: await norms.read(),
    mean: await mean.read(),
    centredSquares: await centredSquares.read(),
  };
}
