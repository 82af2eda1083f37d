import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { read } from '../../ops/leaf.ts';
import { unitSlopes } from '../gradient/directionalDerivatives.ts';
import { Pass, type Point, unitsOf } from '../pass.ts';
import { unitForms } from './unitForms.ts';

/** What is measured of every unit n, an example or a ghost batch, by its own gradient gₙ and Hessian Hₙ. */
export interface UnitDerivatives {
  /** ⟨gₙ, w⟩ [units] for each slope vector w. */
  readonly slopes: readonly Float32Array[];
  /** vᵀHₙv [units] for each direction v. */
  readonly forms: readonly Float32Array[];
  /** vᵀHₙv′ [units] for directions in pairs: the first with the second, the third with the fourth, …. */
  readonly mixed: readonly Float32Array[];
}

/**
 * First and second directional derivatives of every unit's own loss, in one pass over the data: tangents, and tangents of
 * tangents, of one forward pass. No unit's gradient or Hessian is formed. Compiled once, run as often as wanted.
 */
export class UnitCurvature {
  readonly #scope: Scope;
  readonly #pass: Pass;
  readonly #found: { readonly [K in keyof UnitDerivatives]: readonly State[] };

  private constructor(
    scope: Scope,
    pass: Pass,
    found: { readonly [K in keyof UnitDerivatives]: readonly State[] },
  ) {
    this.#scope = scope;
    this.#pass = pass;
    this.#found = found;
  }

  /**
   * @param directions flat [P], zero between the tensors: v, read at every run
   * @param slopes flat [P]: w
   * @param pairs whether mixed derivatives are wanted
   */
  static open(
    gpu: Gpu,
    point: Point,
    wanted: {
      readonly directions: readonly State[];
      readonly slopes: readonly State[];
      readonly pairs?: boolean;
    },
  ): Promise<UnitCurvature> {
    return Scope.make((scope) => UnitCurvature.#open(gpu, scope, point, wanted));
  }

  static async #open(
    gpu: Gpu,
    scope: Scope,
    point: Point,
    {
      directions,
      slopes,
      pairs = false,
    }: { readonly directions: readonly State[]; readonly slopes: readonly State[]; readonly pairs?: boolean },
  ): Promise<UnitCurvature> {
    const units = unitsOf(point);
    const each = (label: string, count: number): State[] =>
      Array.from({ length: count }, (_, i) =>
        scope.own(new State(gpu, { label: `${label} ${i}`, shape: [units] })),
      );
    const found = {
      slopes: each('slopes', slopes.length),
      forms: each('second derivatives', directions.length),
      mixed: each('mixed derivatives', pairs ? Math.floor(directions.length / 2) : 0),
    };
    const pass = await Pass.open(gpu, 'derivatives of single units', point, (batch) => {
      const { graph, gathering } = batch;
      const v = directions.map((state) => read(graph, state));
      found.forms.forEach((into, i) => {
        gathering.putRows(into, unitForms(batch, v[i]!, v[i]!));
      });
      found.mixed.forEach((into, i) => {
        gathering.putRows(into, unitForms(batch, v[2 * i]!, v[2 * i + 1]!));
      });
      found.slopes.forEach((into, i) => {
        gathering.putRows(into, unitSlopes(batch, read(graph, slopes[i]!)));
      });
    });
    return new UnitCurvature(scope, scope.own(pass), found);
  }

  /** A run over all examples, by what the vectors hold, and what it found. */
  async measure(): Promise<UnitDerivatives> {
    await this.#pass.run();
    const values = (states: readonly State[]): Promise<Float32Array[]> =>
      Promise.all(states.map((state) => state.read()));
    const { slopes, forms, mixed } = this.#found;
    const [ofSlopes, ofForms, ofMixed] = await Promise.all([values(slopes), values(forms), values(mixed)]);
    return { slopes: ofSlopes, forms: ofForms, mixed: ofMixed };
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
