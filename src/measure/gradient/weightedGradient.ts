import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { Pass, type Point, unitsOf } from '../pass.ts';
import type { TracedBatch } from '../tracedBatch.ts';

/** Σₙ wₙgₙ over a data set for any weights w: reweighted backward passes that share the forward one, no gₙ on its own. */
export class WeightedGradients {
  /** w [N], a weight a unit, side by side: written before a run. */
  readonly weights: State;
  readonly #scope: Scope;
  readonly #pass: Pass;

  private constructor(scope: Scope, pass: Pass, weights: State) {
    this.#scope = scope;
    this.#pass = pass;
    this.weights = weights;
  }

  /** @param sums flat [P], a replica for each vector of weights: hold the sums after a run */
  static open(gpu: Gpu, point: Point, sums: State): Promise<WeightedGradients> {
    return Scope.make(async (scope) => {
      const { replicas } = sums;
      const weights = scope.own(
        new State(gpu, { label: 'example weights', shape: [unitsOf(point)], replicas }),
      );
      const trace = (batch: TracedBatch): void => {
        const { gathering } = batch;
        gathering.sumInto(sums, batch.gradient(batch.weigh(gathering.rowsOf(weights))));
      };
      const pass = await Pass.open(gpu, 'weighted gradients', point, trace, { replicas });
      return new WeightedGradients(scope, scope.own(pass), weights);
    });
  }

  /** Submits a pass over the data, without waiting for it. */
  async run(): Promise<void> {
    await this.#pass.run();
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
