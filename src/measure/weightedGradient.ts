import { vjp } from '../autograd/vjp.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Program } from '../gpu/program.ts';
import { State } from '../gpu/state.ts';
import { fill } from '../ops/fill.ts';
import { pack } from '../ops/flat.ts';
import { take } from '../ops/take.ts';
import { Pass, type Point, unitsOf } from './pass.ts';

/** Σₙ wₙgₙ over a data set for any weights w: one reweighted backward pass, no per-example gradient. */
export class WeightedGradient {
  /** w [N], a weight a unit: written before a run. */
  readonly weights: State;
  /** Flat [P], after it. */
  readonly sum: State;
  readonly #pass: Pass;

  private constructor(pass: Pass, weights: State, sum: State) {
    this.#pass = pass;
    this.weights = weights;
    this.sum = sum;
  }

  static async open(gpu: Gpu, point: Point): Promise<WeightedGradient> {
    const { layout } = point;
    const weights = new State(gpu, { label: 'example weights', shape: [unitsOf(point)] });
    const sum = new State(gpu, { label: 'weighted gradient', shape: [layout.length] });
    const pass = await Pass.open(
      gpu,
      'weighted gradient',
      point,
      ({ graph, parameters, losses, units, unitCounters, weigh, accumulate }) => {
        const { of } = vjp([[losses, weigh(take(graph, weights, units, unitCounters))]], parameters);
        const gradients = of.map((g, i) => g ?? fill(graph, 0, parameters[i]!.shape));
        accumulate(sum, pack(layout, gradients));
      },
    );
    return new WeightedGradient(pass, weights, sum);
  }

  /**
   * Submits a pass over the data, without waiting for it.
   * @param then programs that run after it
   */
  async run(then: readonly Program[] = []): Promise<void> {
    await this.#pass.run(then);
  }

  dispose(): void {
    this.#pass.dispose();
    this.weights.dispose();
    this.sum.dispose();
  }
}
