import type { Gpu } from '../../src/gpu/device.ts';
import { measureOver } from '../../src/measure/measureOver.ts';
import type { Point } from '../../src/measure/pass.ts';
import type { Quantity } from '../../src/measure/quantity.ts';

/** Loss and gradient over a data set. Host memory; the gradient is flat [P]. */
interface BatchGradient {
  readonly perExampleLoss: Float32Array;
  /** ∇ of the mean loss. */
  readonly mean: Float32Array;
}

/** The gradient of the mean loss alone, which is there also where single examples have none of their own. */
const meanGradient: Quantity<BatchGradient> = {
  trace(batch) {
    const { gathering } = batch;
    const mean = gathering.sum('gradient', batch.gradient(batch.meanWeights));
    const losses = gathering.rows('losses', batch.losses, 'examples');
    return { values: (graph) => ({ losses: losses.in(graph), mean: mean.in(graph) }) };
  },
  read: ({ losses, mean }) => ({ perExampleLoss: losses as Float32Array, mean: mean as Float32Array }),
};

/**
 * The gradient of the mean loss over a data set.
 * @throws RangeError for parameters of several replicas
 */
export async function batchGradient(gpu: Gpu, point: Point): Promise<BatchGradient> {
  return (await measureOver(gpu, point, { meanGradient })).meanGradient;
}
