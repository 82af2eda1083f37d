import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { read } from '../../ops/leaf.ts';
import { type Point, unitsOf } from '../pass.ts';
import { RepeatedPass } from '../repeatedPass.ts';
import type { TracedBatch } from '../tracedBatch.ts';
import { unitForms } from './unitForms.ts';

/**
 * vᵀHₙv of every unit n, an example or a ghost batch, by its own Hessian Hₙ, for several v at once: tangents, and tangents of
 * tangents, of one forward pass. No unit's Hessian is formed. Compiled once, run as often as wanted.
 */
export class UnitCurvature {
  readonly #scope: Scope;
  readonly #pass: RepeatedPass;
  /** [units] */
  readonly #forms: State;

  private constructor(scope: Scope, pass: RepeatedPass, forms: State) {
    this.#scope = scope;
    this.#pass = pass;
    this.#forms = forms;
  }

  /** @param directions v, flat [P], zero between the tensors, a replica each: read at every run */
  static open(gpu: Gpu, point: Point, directions: State): Promise<UnitCurvature> {
    return Scope.make(async (scope) => {
      const { replicas } = directions;
      const label = 'second derivatives of single units';
      const forms = scope.own(new State(gpu, { label, shape: [unitsOf(point)], replicas }));
      const trace = (batch: TracedBatch): void => {
        const v = read(batch.graph, directions);
        batch.gathering.putRows(forms, unitForms(batch, v, v));
      };
      const pass = await RepeatedPass.open(gpu, label, point, [directions, forms], trace, replicas);
      return new UnitCurvature(scope, scope.own(pass), forms);
    });
  }

  /** Submits a run over all examples, by what the vectors hold, without waiting for it. */
  async run(): Promise<void> {
    await this.#pass.run();
  }

  /** What the last run found of each vector, [units] each. */
  async read(): Promise<Float32Array[]> {
    const { replicas, elements } = this.#forms;
    const all = new Float32Array((await this.#forms.readAll()).buffer);
    return Array.from({ length: replicas }, (_, r) => all.subarray(r * elements, (r + 1) * elements));
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
