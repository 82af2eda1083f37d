import type { Gpu } from '../gpu/device.ts';
import { type Held, Scope } from '../gpu/scope.ts';
import type { FoundBy } from './measurement.ts';
import { type Measurements, measureOver } from './measureOver.ts';
import type { Point } from './pass.ts';

/** A model at one point and the data it is measured on, in device memory: what is asked of it is measured over all examples. */
export class ModelPoint {
  readonly #gpu: Gpu;
  readonly #point: Point;
  readonly #scope: Scope;

  /** @param owned is freed with the point: its parameters, running statistics and examples where they are its own */
  constructor(gpu: Gpu, point: Point, owned: Held) {
    this.#gpu = gpu;
    this.#point = point;
    this.#scope = new Scope();
    this.#scope.own(owned);
  }

  /** Measures quantities over all examples, together: with one forward pass for all. */
  measure<M extends Measurements>(quantities: M): Promise<FoundBy<M>> {
    return measureOver(this.#gpu, this.#point, quantities);
  }

  /** Frees all that the point holds on the device, its vectors and operators too. */
  dispose(): void {
    this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
