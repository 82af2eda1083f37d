import { perExample, perExampleMoments } from '../autograd/perExample.ts';
import { vjp } from '../autograd/vjp.ts';
import type { Gpu } from '../gpu/device.ts';
import { State } from '../gpu/state.ts';
import { add } from '../ops/add.ts';
import { append } from '../ops/append.ts';
import { fill } from '../ops/fill.ts';
import { pack } from '../ops/flat.ts';
import type { Tensor } from '../ops/graph.ts';
import { mergeMoments } from '../ops/mergeMoments.ts';
import { Pass, type Point } from './pass.ts';

/** First and second moments of the per-example gradients over a data set. Host memory; flat vectors are [P]. */
export interface GradientMoments {
  readonly perExampleLoss: Float32Array;
  readonly perExampleGradNormSq: Float32Array;
  /** ḡ */
  readonly mean: Float32Array;
  /** Σₙ (gₙ − ḡ)² of every coordinate. */
  readonly centredSquares: Float32Array;
}

/**
 * Mean gradient, per-coordinate centred squares, per-example losses and gradient norms, in one pass over the data with
 * nothing of size N × P. gₙ is the gradient of example n's own loss.
 */
export async function gradientMoments(
  gpu: Gpu,
  point: Point,
  progress?: (done: number) => void,
): Promise<GradientMoments> {
  const { layout, examples } = point;
  const flat = (label: string): State => new State(gpu, { label, shape: [layout.length] });
  const each = (label: string): State => new State(gpu, { label, shape: [examples.examples] });
  const [mean, centredSquares] = [flat('mean gradient'), flat('centred squares')];
  const [losses, norms] = [each('per-example losses'), each('per-example norms')];
  const pass = await Pass.open(
    gpu,
    'gradient moments',
    point,
    ({ graph, batch, parameters, losses: l, counters }) => {
      const cotangents = vjp([[l, fill(graph, 1, [batch])]], parameters);
      const moments = perExampleMoments(perExample(cotangents, parameters));
      const packed = (of: 'gradient' | 'centredSquares'): Tensor =>
        pack(
          layout,
          moments.map((m) => m[of]),
        );
      mergeMoments({ mean, centredSquares, counters }, packed('gradient'), packed('centredSquares'), batch);
      append(norms, moments.map(({ normSq }) => normSq).reduce(add), counters);
      append(losses, l, counters);
    },
  );
  try {
    await pass.run(progress);
    return {
      perExampleLoss: await losses.read(),
      perExampleGradNormSq: await norms.read(),
      mean: await mean.read(),
      centredSquares: await centredSquares.read(),
    };
  } finally {
    pass.dispose();
    for (const state of [mean, centredSquares, losses, norms]) state.dispose();
  }
}
