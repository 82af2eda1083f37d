import { vjp } from '../../autograd/vjp.ts';
import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { fill } from '../../ops/fill.ts';
import { pack } from '../../ops/flat.ts';
import { append } from '../../ops/state/append.ts';
import { Pass, type Point, unitsOf } from '../pass.ts';

/** Loss and gradient over a data set. Host memory; the gradient is flat [P]. */
export interface BatchGradient {
  readonly perExampleLoss: Float32Array;
  /** ∇ of the mean loss. */
  readonly mean: Float32Array;
}

/**
 * The gradient of the mean loss alone, which is there also where single examples have none of their own.
 * @throws RangeError for parameters of several replicas
 */
export function batchGradient(gpu: Gpu, point: Point): Promise<BatchGradient> {
  const { layout, examples } = point;
  const all = unitsOf(point);
  return Scope.within(async (scope) => {
    const state = (label: string, count: number): State =>
      scope.own(new State(gpu, { label, shape: [count] }));
    const mean = state('mean gradient', layout.length);
    const each = state('per-example losses', examples.examples);
    const pass = scope.own(
      await Pass.open(
        gpu,
        'gradient',
        point,
        ({ graph, parameters, losses, counters, units, weigh, accumulate }) => {
          const { of } = vjp([[losses, weigh(fill(graph, 1 / all, [units]))]], parameters);
          const gradients = of.map((g, i) => g ?? fill(graph, 0, parameters[i]!.shape));
          accumulate(mean, pack(layout, gradients));
          append(each, losses, counters);
        },
      ),
    );
    await pass.run();
    return { perExampleLoss: await each.read(), mean: await mean.read() };
  });
}
