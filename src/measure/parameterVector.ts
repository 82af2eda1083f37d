import type { State } from '../gpu/state.ts';
import { InputError } from '../host/inputError.ts';
import { requireAwaited } from '../host/requireAwaited.ts';
import { showValue } from '../host/showValue.ts';
import type { Uses } from '../host/uses.ts';
import { partValues } from '../nn/flatValues.ts';
import type { FlatLayout } from '../ops/flat.ts';
import type { VectorProducts } from './vectorProducts.ts';

/** What a vector has of the point that made it. */
export interface VectorOwner {
  readonly products: VectorProducts;
  readonly uses: Uses;
  /** Is told when a vector frees its state. */
  freed(vector: ParameterVector): void;
}

let make: (layout: FlatLayout, state: State, owner: VectorOwner) => ParameterVector;

/** A vector of a state, flat by a layout, which it frees. */
export function parameterVector(layout: FlatLayout, state: State, owner: VectorOwner): ParameterVector {
  return make(layout, state, owner);
}

/**
 * A vector with a number for each of a model's P parameters, in device memory: a gradient, a Hessian product, one of one's own. Made by a
 * `ModelPoint`, and freed with it, or by its `dispose`.
 */
export class ParameterVector {
  /** Where each parameter lies in the state, zeros between them. */
  readonly layout: FlatLayout;
  readonly #state: State;
  readonly #owner: VectorOwner;
  #held = true;

  static {
    make = (layout, state, owner) => new ParameterVector(layout, state, owner);
  }

  private constructor(layout: FlatLayout, state: State, owner: VectorOwner) {
    this.layout = layout;
    this.#state = state;
    this.#owner = owner;
  }

  /**
   * Flat, as the layout has it.
   * @throws if the vector is disposed of
   */
  get state(): State {
    if (!this.#held) throw new Error(`this vector (${this.#state.label}) is disposed of`);
    return this.#state;
  }

  /** The numbers by parameter, each row-major in the shape that `layout.entries` names. Waits for the device. */
  async read(): Promise<Map<string, Float32Array>> {
    const flat = await this.#owner.uses.during(() => this.state.read());
    return new Map(this.layout.entries.map(({ name }, i) => [name, partValues(this.layout, flat, i)]));
  }

  /** All P numbers, parameter after parameter, as torch's `parameters_to_vector` has them. Waits for the device. */
  async flat(): Promise<Float32Array> {
    const { entries } = this.layout;
    const values = new Float32Array(entries.reduce((total, { elements }) => total + elements, 0));
    let at = 0;
    for (const part of (await this.read()).values()) {
      values.set(part, at);
      at += part.length;
    }
    return values;
  }

  /**
   * Σ aᵢbᵢ, on the device in float32. Waits for it.
   * @throws InputError for a vector of another model's parameters
   */
  async dot(other: ParameterVector): Promise<number> {
    requireLayout('dot', this.layout, other);
    return this.#owner.uses.during(() => this.#owner.products.dot(this, other));
  }

  /** √Σ aᵢ² */
  async norm(): Promise<number> {
    return Math.sqrt(await this.dot(this));
  }

  /** Frees it. A second call does nothing. */
  dispose(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#state.dispose();
    this.#owner.freed(this);
  }

  /** What it is and of how many parameters. */
  toString(): string {
    return `${this.#state.label}: ${this.layout.entries.reduce((sum, { elements }) => sum + elements, 0)} parameters in ${this.layout.entries.length} tensors`;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Refuses what is no vector, and one that has not the parameters of a layout.
 * @throws InputError naming what was to be done and both
 */
export function requireLayout(what: string, { entries }: FlatLayout, vector: ParameterVector): void {
  requireAwaited(what, 'vector', vector);
  if (!(vector instanceof ParameterVector)) {
    const reason = `${showValue(vector)} given, expected a vector of a point: at.vector(values) makes one`;
    throw new InputError(what, 'vector', reason);
  }
  const show = (all: FlatLayout['entries']): string =>
    all.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ');
  const [expected, found] = [show(entries), show(vector.layout.entries)];
  if (expected !== found) throw new InputError(what, 'vector', `has ${found}, expected ${expected}`);
}
