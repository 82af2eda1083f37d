import type { Gpu } from '../gpu/device.ts';
import type { Scope } from '../gpu/scope.ts';
import { State } from '../gpu/state.ts';
import type { MemorySpec } from './tracedBatch.ts';

/** States by name, made when they are first asked for: every program of a measurement finds the same ones. */
export class Memory {
  readonly #gpu: Gpu;
  readonly #scope: Scope;
  readonly #replicas: number | undefined;
  readonly #states = new Map<string, { readonly state: State; readonly spec: MemorySpec }>();

  /**
   * @param scope owns the states
   * @param replicas of the run that measures; left out, there is one model
   */
  constructor(gpu: Gpu, scope: Scope, replicas?: number) {
    this.#gpu = gpu;
    this.#scope = scope;
    this.#replicas = replicas;
  }

  /** The states so far that change from step to step. */
  get varying(): readonly (readonly [name: string, State])[] {
    return [...this.#states].flatMap(([name, { state, spec }]) =>
      spec.constant ? [] : [[name, state] as const],
    );
  }

  /** @throws if another shape or type goes by the name */
  state(name: string, spec: MemorySpec): State {
    const { shape, dtype = 'f32', shared = false } = spec;
    const known = this.#states.get(name)?.state;
    if (!known) {
      const replicas = shared ? undefined : this.#replicas;
      const state = this.#scope.own(new State(this.#gpu, { label: name, shape, dtype, replicas }));
      this.#states.set(name, { state, spec });
      return state;
    }
    if (known.dtype !== dtype || known.shape.join() !== shape.join()) {
      throw new Error(
        `${name}: ${dtype} [${shape.join(', ')}], and it is ${known.dtype} [${known.shape.join(', ')}]`,
      );
    }
    return known;
  }

  /**
   * Writes what states hold at first, where that is not zeros.
   * @param parameters of each replica, flat [P], as they are at first
   */
  begin(parameters?: State): void {
    for (const { state, spec } of this.#states.values()) {
      if (spec.initial === 'parameters') {
        if (!parameters) throw new Error(`${state.label}: initial parameters, of which there are none`);
        state.copyFrom(parameters, { elements: parameters.replicas * parameters.replicaStride });
        continue;
      }
      const values = spec.initial?.();
      if (!values) continue;
      for (let replica = 0; replica < state.replicas; replica++) state.write(values, { replica });
    }
  }
}
