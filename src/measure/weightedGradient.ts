import { vjp } from '../autograd/vjp.ts';
import type { Gpu } from '../gpu/device.ts';
import { State } from '../gpu/state.ts';
import { add } from '../ops/add.ts';
import { fill } from '../ops/fill.ts';
import { pack } from '../ops/flat.ts';
import { read } from '../ops/leaf.ts';
import { store } from '../ops/store.ts';
import { take } from '../ops/take.ts';
import { Pass, type Point } from './pass.ts';

/** Σₙ wₙgₙ over a data set for any weights w: one reweighted backward pass, no per-example gradient. */
export class WeightedGradient {
  readonly #pass: Pass;
  readonly #weights: State;
  readonly #sum: State;

  private constructor(pass: Pass, weights: State, sum: State) {
    this.#pass = pass;
    this.#weights = weights;
    this.#sum = sum;
  }

  static async open(gpu: Gpu, point: Point): Promise<WeightedGradient> {
    const { layout, examples } = point;
    const weights = new State(gpu, { label: 'example weights', shape: [examples.examples] });
    const sum = new State(gpu, { label: 'weighted gradient', shape: [layout.length] });
    const pass = await Pass.open(
      gpu,
      'weighted gradient',
      point,
      ({ graph, batch, parameters, losses, counters }) => {
        const { of } = vjp([[losses, take(graph, weights, batch, counters)]], parameters);
        const gradients = of.map((g, i) => g ?? fill(graph, 0, parameters[i]!.shape));
        store(sum, add(read(graph, sum), pack(layout, gradients)));
      },
    );
    return new WeightedGradient(pass, weights, sum);
  }

  /** @param weights [N] @returns flat [P] */
  async of(weights: Float32Array): Promise<Float32Array> {
    this.#weights.write(weights);
    this.#sum.write(new Float32Array(this.#sum.elements));
    await this.#pass.run();
    return this.#sum.read();
  }

  dispose(): void {
    this.#pass.dispose();
    this.#weights.dispose();
    this.#sum.dispose();
  }
}
