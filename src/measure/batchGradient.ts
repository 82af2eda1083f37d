import { vjp } from '../autograd/vjp.ts';
import type { Gpu } from '../gpu/device.ts';
import { State } from '../gpu/state.ts';
import { add } from '../ops/add.ts';
import { append } from '../ops/append.ts';
import { fill } from '../ops/fill.ts';
import { pack } from '../ops/flat.ts';
import { read } from '../ops/leaf.ts';
import { store } from '../ops/store.ts';
import { Pass, type Point } from './pass.ts';

/** Loss and gradient over a data set. Host memory; the gradient is flat [P]. */
export interface BatchGradient {
  readonly perExampleLoss: Float32Array;
  /** ∇ of the mean loss. */
  readonly mean: Float32Array;
}

/** The gradient of the mean loss alone, which is there also where single examples have none of their own. */
export async function batchGradient(
  gpu: Gpu,
  point: Point,
  progress?: (done: number) => void,
): Promise<BatchGradient> {
  const { layout, examples } = point;
  const mean = new State(gpu, { label: 'mean gradient', shape: [layout.length] });
  const each = new State(gpu, { label: 'per-example losses', shape: [examples.examples] });
  const pass = await Pass.open(gpu, 'gradient', point, ({ graph, batch, parameters, losses, counters }) => {
    const { of } = vjp([[losses, fill(graph, 1 / examples.examples, [batch])]], parameters);
    const gradients = of.map((g, i) => g ?? fill(graph, 0, parameters[i]!.shape));
    store(mean, add(read(graph, mean), pack(layout, gradients)));
    append(each, losses, counters);
  });
  try {
    await pass.run(progress);
    return { perExampleLoss: await each.read(), mean: await mean.read() };
  } finally {
    pass.dispose();
    mean.dispose();
    each.dispose();
  }
}
