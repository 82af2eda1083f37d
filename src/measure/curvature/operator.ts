import { jvp } from '../../autograd/jvp.ts';
import { vjp } from '../../autograd/vjp.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { fill } from '../../ops/fill.ts';
import { type FlatLayout, pack } from '../../ops/flat.ts';
import type { Tensor } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { scale } from '../../ops/scale.ts';
import { unitSlopes } from '../gradient/directionalDerivatives.ts';
import type { Point } from '../pass.ts';
import { RepeatedPass } from '../repeatedPass.ts';
import type { TracedBatch } from '../tracedBatch.ts';
import { hessianOf } from './hessianProduct.ts';

/**
 * A symmetric P × P matrix that is only known by its products. Vectors are flat [P] on the device, zero between the
 * layout's tensors, those of one application side by side: replicas of a state, which share whatever does not depend on them.
 * A product's bits do not depend on what is beside it. Nothing is read back.
 */
export interface LinearOperator {
  readonly layout: FlatLayout;
  /** The vectors that one application multiplies, a replica each: written before it. */
  readonly directions: State;
  /** Their products, after it. */
  readonly products: State;
  /**
   * products ← A·directions: submitted, not waited for.
   * @param then programs that run after it
   */
  apply(then?: readonly Program[]): Promise<void>;
}

/**
 * Which matrix: the Hessian of the mean loss; the Gauss-Newton matrix JᵀH_outJ, J the outputs' Jacobian and H_out the
 * loss's Hessian in them, which for cross-entropy is the Fisher information too; or the empirical Fisher matrix, the
 * mean of gₙgₙᵀ.
 */
export type CurvatureKind = 'hessian' | 'gauss-newton' | 'empirical-fisher';

/** A product over one micro-batch, so that the sum over micro-batches is that over the data. */
type ProductRule = (batch: TracedBatch) => (direction: Tensor) => Tensor | null;

/** Jᵀ(H_out(Jv)): forward, the loss's own Hessian, back (Schraudolph 2002). */
const gaussNewtonRule: ProductRule = ({ theta, layout, parameters, outputs, losses, meanWeights }) => {
  const { of } = vjp([[losses, meanWeights]], [outputs]);
  return (direction) => {
    const [moved] = jvp([outputs], [[theta, direction]]);
    const curved = moved && jvp([of[0]!], [[outputs, moved]])[0];
    return curved ? pack(layout, cotangents(parameters, outputs, curved)) : null;
  };
};

/** (1/N) Σₙ gₙ(gₙᵀv): every unit's slope along v is its weight in a backward pass. */
const empiricalFisherRule: ProductRule = (batch) => (direction) => {
  const slopes = unitSlopes(batch, direction);
  return batch.gradient(batch.weigh(scale(slopes, 1 / batch.gathering.units)));
};

/** What a matrix makes of a direction, by one batch: flat [P], null for zeros. */
export const productRules: Readonly<Record<CurvatureKind, ProductRule>> = {
  hessian: hessianOf,
  'gauss-newton': gaussNewtonRule,
  'empirical-fisher': empiricalFisherRule,
};

function cotangents(parameters: readonly Tensor[], of: Tensor, cotangent: Tensor): Tensor[] {
  const back = vjp([[of, cotangent]], parameters).of;
  return back.map((g, i) => g ?? fill(of.node.graph, 0, parameters[i]!.shape));
}

/**
 * A matrix of second order of the mean loss over a data set. Compiled once, applied as often as wanted; products at one point
 * share the primal pass, and those of one application their dispatches.
 */
export class CurvatureOperator implements LinearOperator {
  readonly layout: FlatLayout;
  readonly directions: State;
  readonly products: State;
  readonly #scope: Scope;
  readonly #pass: RepeatedPass;

  private constructor(
    scope: Scope,
    layout: FlatLayout,
    pass: RepeatedPass,
    directions: State,
    products: State,
  ) {
    this.#scope = scope;
    this.layout = layout;
    this.#pass = pass;
    this.directions = directions;
    this.products = products;
  }

  /**
   * @param width vectors that are multiplied in one pass over the data
   * @throws RangeError for parameters of several replicas
   */
  static open(
    gpu: Gpu,
    point: Point,
    width: number,
    kind: CurvatureKind = 'hessian',
  ): Promise<CurvatureOperator> {
    const { layout } = point;
    return Scope.make(async (scope) => {
      const vectors = (label: string): State =>
        scope.own(new State(gpu, { label, shape: [layout.length], replicas: width }));
      const [directions, products] = [vectors('directions'), vectors(`${kind} times directions`)];
      const trace = (batch: TracedBatch): void => {
        const product = productRules[kind](batch)(read(batch.graph, directions));
        batch.gathering.sumInto(products, product ?? fill(batch.graph, 0, [layout.length]));
      };
      const varying = [directions, products];
      const label = `${kind} products`;
      const pass = scope.own(await RepeatedPass.open(gpu, label, point, varying, trace, width));
      return new CurvatureOperator(scope, layout, pass, directions, products);
    });
  }

  async apply(then: readonly Program[] = []): Promise<void> {
    await this.#pass.run(then);
  }

  /**
   * Products of vectors that the host has, in as many passes as it takes.
   * @param vectors flat [P], zero between the tensors
   */
  async times(vectors: readonly Float32Array[]): Promise<Float32Array[]> {
    const { replicas: width, elements } = this.directions;
    const results: Float32Array[] = [];
    for (let first = 0; first < vectors.length; first += width) {
      const some = vectors.slice(first, first + width);
      some.forEach((vector, replica) => {
        this.directions.write(vector, { replica });
      });
      await this.apply();
      const products = new Float32Array((await this.products.readAll()).buffer);
      some.forEach((_, r) => {
        results.push(products.slice(r * elements, (r + 1) * elements));
      });
    }
    return results;
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
