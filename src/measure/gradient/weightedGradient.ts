import { vjp } from '../../autograd/vjp.ts';
import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { fill } from '../../ops/fill.ts';
import { pack } from '../../ops/flat.ts';
import { take } from '../../ops/state/take.ts';
import { type MicroBatch, Pass, type Point, unitsOf } from '../pass.ts';

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
    const { layout } = point;
    return Scope.make(async (scope) => {
      const weights = sums.map((_, i) =>
        scope.own(new State(gpu, { label: `example weights ${i}`, shape: [unitsOf(point)] })),
      );
      const trace = ({
        graph,
        parameters,
        losses,
        units,
        unitCounters,
        weigh,
        accumulate,
      }: MicroBatch): void => {
        weights.forEach((w, i) => {
          const { of } = vjp([[losses, weigh(take(graph, w, units, unitCounters))]], parameters);
          const gradients = of.map((g, k) => g ?? fill(graph, 0, parameters[k]!.shape));
          accumulate(sums[i]!, pack(layout, gradients));
        });
      };
      const pass = scope.own(await Pass.open(gpu, 'weighted gradients', point, trace));
      return new WeightedGradients(scope, pass, weights);
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
