import type { Gpu } from '../gpu/device.ts';
import type { Scope } from '../gpu/scope.ts';
import { State } from '../gpu/state.ts';
import type { MemorySpec } from './tracedBatch.ts';

/** States by name, made when they are first asked for: every program of a measurement finds the same ones. */
export class Memory {
  readonly #gpu: Gpu;
  readonly #scope: Scope;
  readonly #states = new Map<string, State>();

  /** @param scope owns the states */
  constructor(gpu: Gpu, scope: Scope) {
    this.#gpu = gpu;
    this.#scope = scope;
  }

  /** @throws if another shape or type goes by the name */
  state(name: string, { shape, dtype = 'f32' }: MemorySpec): State {
    const known = this.#states.get(name);
    if (!known) {
      const made = this.#scope.own(new State(this.#gpu, { label: name, shape, dtype }));
      this.#states.set(name, made);
      return made;
    }
    if (known.dtype !== dtype || known.shape.join() !== shape.join()) {
      throw new Error(
        `${name}: ${dtype} [${shape.join(', ')}], and it is ${known.dtype} [${known.shape.join(', ')}]`,
      );
    }
    return known;
  }
}
