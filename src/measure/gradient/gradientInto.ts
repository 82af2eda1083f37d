import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import type { State } from '../../gpu/state.ts';
import { Graph, stateOf } from '../../ops/graph.ts';
import { Memory } from '../memory.ts';
import { Pass, type Point } from '../pass.ts';
import type { Gathered } from '../tracedBatch.ts';

/**
 * Puts the gradient of the mean loss over a point's examples into a state, flat [P].
 * @returns the examples' losses
 */
export function gradientInto(gpu: Gpu, point: Point, into: State): Promise<Float32Array> {
  return Scope.within(async (scope) => {
    const memory = new Memory(gpu, scope);
    let losses: Gathered | null = null;
    const pass = await Pass.open(
      gpu,
      'gradient',
      point,
      (batch) => {
        batch.gathering.sumInto(into, batch.gradient(batch.meanWeights));
        losses = batch.gathering.rows('losses', batch.losses, 'examples');
      },
      { memory },
    );
    scope.own(pass);
    memory.begin();
    await pass.run();
    return stateOf(losses!.in(new Graph()))!.read();
  });
}
