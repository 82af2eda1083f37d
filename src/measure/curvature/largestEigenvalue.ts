import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import type { Eigenpair } from './eigenvalues.ts';
import { Krylov } from './krylov.ts';
import { dimension, type LinearOperator } from './operator.ts';

export interface LargestEigenvalueOptions {
  /** Residual over |λ| that is good enough. */
  readonly tolerance?: number;
  /** The most products of one measurement, without the one that the residual takes. */
  readonly most?: number;
  readonly seed?: number;
}

/**
 * The largest algebraic eigenvalue of an operator that changes slowly, as along a training run: each measurement begins with
 * the eigenvector that the last one left, so that a few products are enough where many would be needed from a random start.
 * Compiled once; the host reads a handful of numbers a measurement and stops at a tolerance, which `FollowedEigenvalue`, whose
 * looks are part of a training run's submits, cannot.
 */
export class LargestEigenvalue {
  /** Flat [P]: the eigenvector of the last measurement, of length 1. It may be written, to begin elsewhere. */
  readonly vector: State;
  readonly #operator: LinearOperator;
  readonly #krylov: Krylov;
  readonly #tolerance: number;
  #warm = false;

  constructor(
    gpu: Gpu,
    operator: LinearOperator,
    { tolerance = 1e-2, most = 24, seed = 0 }: LargestEigenvalueOptions = {},
  ) {
    this.#operator = operator;
    this.#tolerance = tolerance;
    const { layout } = operator;
    const [krylov, vector] = Scope.makeNow((scope) => [
      scope.own(new Krylov(gpu, operator, { capacity: Math.min(most, dimension(layout)), seed })),
      scope.own(new State(gpu, { label: 'largest eigenvector', shape: [layout.length] })),
    ]);
    this.#krylov = krylov!;
    this.vector = vector!;
  }

  /** @returns the Ritz value, its residual from a product of its own, and the products that it took */
  async measure(): Promise<Eigenpair & { readonly products: number }> {
    const krylov = this.#krylov;
    const before = krylov.products;
    krylov.clear();
    if (this.#warm) this.#operator.directions[0]!.copyFrom(this.vector);
    await krylov.start(this.#warm ? 'direction' : 'random');
    for (;;) {
      // A look waits for the device, so a few steps between two.
      await krylov.extend(Math.min(krylov.capacity, krylov.rows + 3));
      const ritz = await krylov.ritz();
      const top = ritz.values.length - 1;
      const value = ritz.values[top]!;
      if (ritz.bounds[top]! > this.#tolerance * Math.abs(value) && krylov.rows < krylov.capacity) continue;
      const [residual] = await krylov.residuals(ritz, [top], this.vector);
      this.#warm = true;
      return { value, residual: residual!, products: krylov.products - before };
    }
  }

  dispose(): void {
    this.#krylov.dispose();
    this.vector.dispose();
  }
}
