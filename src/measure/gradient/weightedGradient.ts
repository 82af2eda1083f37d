import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { Pass, type Point, unitsOf } from '../pass.ts';

/** Σₙ wₙgₙ over a data set for any weights w: reweighted backward passes that share the forward one, no gₙ on its own. */
export class WeightedGradients {
  /** One w [N] each, a weight a unit: written before a run. */
  readonly weights: readonly State[];
  readonly #scope: Scope;
  readonly #pass: Pass;

  private constructor(scope: Scope, pass: Pass, weights: readonly State[]) {
    this.#scope = scope;
    this.#pass = pass;
    this.weights = weights;
  }

  /** @param sums flat [P], one for each vector of weights: hold the sums after a run */
  static open(gpu: Gpu, point: Point, sums: readonly State[]): Promise<WeightedGradients> {
    return Scope.make(async (scope) => {
      const weights = sums.map((_, i) =>
        scope.own(new State(gpu, { label: `example weights ${i}`, shape: [unitsOf(point)] })),
      );
      const pass = await Pass.open(gpu, 'weighted gradients', point, (batch) => {
        const { gathering } = batch;
        weights.forEach((w, i) => {
          gathering.sumInto(sums[i]!, batch.gradient(batch.weigh(gathering.rowsOf(w))));
        });
      });
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
