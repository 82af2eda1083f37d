import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { add } from '../../ops/add.ts';
import { dot } from '../../ops/dot.ts';
import { read } from '../../ops/leaf.ts';
import { subtract } from '../../ops/subtract.ts';
import type { Point } from '../pass.ts';
import { RepeatedPass } from '../repeatedPass.ts';

/**
 * The mean loss over a point's examples at θ + d and its gradient there, for as many displacements d as wanted: compiled once; the
 * losses at θ are computed once and kept, where they and the batches take no more memory than a `RepeatedPass` keeps.
 */
export class DisplacedLoss {
  /** d, flat [P], zero between the tensors: written before each evaluation. */
  readonly displacement: State;
  /** f(θ + d) − f(θ), the mean of the examples' differences. */
  readonly rise: State;
  /** ∇f(θ + d), flat [P]. */
  readonly gradient: State;
  readonly #scope: Scope;
  readonly #pass: RepeatedPass;

  private constructor(
    scope: Scope,
    states: Record<'displacement' | 'rise' | 'gradient', State>,
    pass: RepeatedPass,
  ) {
    this.#scope = scope;
    this.displacement = states.displacement;
    this.rise = states.rise;
    this.gradient = states.gradient;
    this.#pass = pass;
  }

  /** @throws RangeError for parameters of several replicas */
  static open(gpu: Gpu, point: Point): Promise<DisplacedLoss> {
    return Scope.make(async (scope) => {
      const { length } = point.layout;
      const state = (label: string, shape: readonly number[]): State =>
        scope.own(new State(gpu, { label, shape }));
      const states = {
        displacement: state('displacement', [length]),
        rise: state('rise of the loss', []),
        gradient: state('gradient at the displaced point', [length]),
      };
      const pass = await RepeatedPass.open(gpu, 'displaced loss', point, Object.values(states), (batch) => {
        const moved = batch.at(add(batch.theta, read(batch.graph, states.displacement)));
        const weights = batch.meanWeights;
        batch.gathering.sumInto(states.rise, dot(weights, subtract(moved.losses, batch.losses)));
        batch.gathering.sumInto(states.gradient, moved.gradient(weights));
      });
      return new DisplacedLoss(scope, states, scope.own(pass));
    });
  }

  /**
   * Submits an evaluation, a loss and a gradient over all examples, without waiting for it.
   * @param then programs that run after it
   */
  evaluate(then: readonly Program[] = []): Promise<void> {
    return this.#pass.run(then);
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
