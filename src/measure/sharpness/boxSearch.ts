import { compile } from '../../autograd/compile.ts';
import { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { add } from '../../ops/add.ts';
import { broadcast } from '../../ops/broadcast.ts';
import { Graph, type Tensor } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { multiply } from '../../ops/multiply.ts';
import { offset } from '../../ops/offset.ts';
import { relu } from '../../ops/relu.ts';
import { scale } from '../../ops/scale.ts';
import { sign } from '../../ops/sign.ts';
import { signStep } from '../../ops/signStep.ts';
import { store } from '../../ops/state/store.ts';
import { subtract } from '../../ops/subtract.ts';
import type { DisplacedLoss } from './displacedLoss.ts';
import { lbfgsB } from './lbfgsB.ts';
import type { SearchSpace } from './searchSpace.ts';

/** The largest loss that was found in a box. */
export interface FoundInBox {
  readonly solver: 'sign-ascent' | 'l-bfgs-b';
  /** Losses and gradients over all examples that it took. */
  readonly evaluations: number;
  /** A z, flat [P]. */
  readonly displacement: Float32Array;
}

interface Programs {
  /** displacement ← A z */
  readonly place: Program;
  /** slopes ← Aᵀ∇f */
  readonly slope: Program;
  /** z ← z + r⊙sign(Aᵀ∇f), brought back into the box; displacement ← A z. */
  readonly first: Program;
  /** The same by 2/K of r. */
  readonly next: Program;
  /** The best z and its rise, if this one is higher. */
  readonly keep: Program;
}

interface States {
  readonly z: State;
  readonly radii: State;
  readonly slopes: State;
  readonly best: State;
  readonly bestRise: State;
}

/**
 * Searches boxes |z| ≤ r in one space for the largest loss at θ + A z, from a start in the box: by projected sign ascent and by
 * L-BFGS-B, K iterations each.
 */
export class BoxSearch {
  readonly #gpu: Gpu;
  readonly #scope: Scope;
  readonly #loss: DisplacedLoss;
  readonly #iterations: number;
  readonly #states: States;
  readonly #programs: Programs;

  private constructor(
    gpu: Gpu,
    scope: Scope,
    loss: DisplacedLoss,
    iterations: number,
    parts: { readonly states: States; readonly programs: Programs },
  ) {
    this.#gpu = gpu;
    this.#scope = scope;
    this.#loss = loss;
    this.#iterations = iterations;
    this.#states = parts.states;
    this.#programs = parts.programs;
  }

  /** @param iterations K */
  static open(gpu: Gpu, loss: DisplacedLoss, space: SearchSpace, iterations: number): Promise<BoxSearch> {
    return Scope.make(async (scope) => {
      const state = (label: string, shape: readonly number[]): State =>
        scope.own(new State(gpu, { label, shape }));
      const states: States = {
        z: state('z', [space.length]),
        radii: state('radii', [space.length]),
        slopes: state('slopes along z', [space.length]),
        best: state('z of the largest loss', [space.length]),
        bestRise: state('its rise', []),
      };
      const arena = scope.own(new Arena(gpu));
      const program = async (label: string, trace: (graph: Graph) => void): Promise<Program> => {
        const graph = new Graph(label);
        trace(graph);
        return scope.own(await compile(gpu, graph, { label, replicas: 1, arena }));
      };
      const ascend = (share: number) => (graph: Graph) => {
        const slopes = space.gradientOf(read(graph, loss.gradient));
        const moved = signStep(read(graph, states.z), slopes, read(graph, states.radii), share);
        store(states.z, moved);
        store(loss.displacement, space.toFull(moved));
      };
      const programs: Programs = {
        place: await program('displacement', (graph) => {
          store(loss.displacement, space.toFull(read(graph, states.z)));
        }),
        slope: await program('slopes', (graph) => {
          store(states.slopes, space.gradientOf(read(graph, loss.gradient)));
        }),
        first: await program('first step of sign ascent', ascend(1)),
        next: await program('step of sign ascent', ascend(2 / iterations)),
        keep: await program('largest loss so far', (graph) => keepLarger(graph, loss.rise, states)),
      };
      return new BoxSearch(gpu, scope, loss, iterations, { states, programs });
    });
  }

  /** Aᵀg of a flat gradient [P]: its slopes along z. */
  async project(gradient: Float32Array): Promise<Float32Array> {
    this.#loss.gradient.write(gradient);
    await submitAhead(this.#gpu, [this.#programs.slope]);
    return this.#states.slopes.read();
  }

  /**
   * The larger of what both solvers find. z = 0, where nothing rises, is in the box too: what they find is never below the loss at θ.
   * @param radii r, in float32; no number of z passes them
   * @param start z, in the box
   */
  async search(radii: Float32Array, start: Float32Array): Promise<FoundInBox> {
    const { z, radii: r, best, bestRise } = this.#states;
    r.write(radii);
    best.clear();
    bestRise.clear();
    const first = await this.#evaluate(start);
    await this.#ascend();
    const [ascended] = await bestRise.read();
    const found = await lbfgsB({
      start: { point: Float64Array.from(start), ...first },
      radii,
      iterations: this.#iterations,
      evaluate: (point) => this.#evaluate(Float32Array.from(point)),
    });
    const bySign = !(found.value > ascended!);
    if (bySign) z.copyFrom(best);
    else z.write(Float32Array.from(found.point));
    await submitAhead(this.#gpu, [this.#programs.place]);
    return {
      solver: bySign ? 'sign-ascent' : 'l-bfgs-b',
      evaluations: 1 + this.#iterations + found.evaluations,
      displacement: await this.#loss.displacement.read(),
    };
  }

  /** Projected sign ascent from where the gradient was evaluated; all on the device, nothing is waited for. */
  async #ascend(): Promise<void> {
    const { first, next, keep } = this.#programs;
    await submitAhead(this.#gpu, [keep, first]);
    for (let k = 1; k <= this.#iterations; k++) {
      await this.#loss.evaluate(k < this.#iterations ? [keep, next] : [keep]);
    }
  }

  /** The rise of the loss and its slopes at z: z goes to the device, and the slopes come to the host. */
  async #evaluate(z: Float32Array): Promise<{ readonly value: number; readonly gradient: Float32Array }> {
    const { place, slope } = this.#programs;
    this.#states.z.write(z);
    await submitAhead(this.#gpu, [place]);
    await this.#loss.evaluate([slope]);
    const [rise, gradient] = await Promise.all([this.#loss.rise.read(), this.#states.slopes.read()]);
    return { value: rise[0]!, gradient };
  }

  dispose(): void {
    this.#scope.dispose();
  }
}

/** best ← z and its rise where that is larger: weights of 1 and 0, so that nothing is rounded. */
function keepLarger(graph: Graph, found: State, { z, best, bestRise }: States): void {
  const [rise, before] = [read(graph, found), read(graph, bestRise)];
  const isLarger = relu(sign(subtract(rise, before)));
  const isNot = offset(scale(isLarger, -1), 1);
  const everywhere = (weight: Tensor): Tensor => broadcast(weight, z.shape, { from: 0, to: 1 });
  const chosen = (weight: (of: Tensor) => Tensor, now: Tensor, earlier: Tensor): Tensor =>
    add(multiply(weight(isLarger), now), multiply(weight(isNot), earlier));
  const kept = chosen(everywhere, read(graph, z), read(graph, best));
  const keptRise = chosen((weight) => weight, rise, before);
  store(best, kept);
  store(bestRise, keptRise);
}
