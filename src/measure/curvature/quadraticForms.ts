import { jvp } from '../../autograd/jvp.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { fill } from '../../ops/fill.ts';
import { type FlatLayout, flatLayout, unpack } from '../../ops/flat.ts';
import type { Tensor } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { scale } from '../../ops/scale.ts';
import { square } from '../../ops/square.ts';
import { sum } from '../../ops/sum.ts';
import type { Point } from '../pass.ts';
import { RepeatedPass } from '../repeatedPass.ts';
import type { TracedBatch } from '../tracedBatch.ts';
import type { CurvatureKind } from './operator.ts';
import { secondDerivatives } from './unitForms.ts';

/** A symmetric matrix of which its quadratic forms are known. Vectors as of a `LinearOperator`; nothing is read back. */
export interface FormOperator {
  readonly layout: FlatLayout;
  /** The vectors v of one application, a replica each: written before it. */
  readonly directions: State;
  /** vᵀAv of each, after it: scalars. */
  readonly forms: State;
  /**
   * forms ← vᵀAv: submitted, not waited for.
   * @param then programs that run after it
   */
  apply(then?: readonly Program[]): Promise<void>;
}

/** Tangents of some of the parameters; those of the others are zero. */
type Along = readonly (readonly [parameter: Tensor, tangent: Tensor])[];

/** Of every example of a batch, [B], so that the mean over all units of a unit's mean is vᵀAv; null for zeros. */
type FormRule = (batch: TracedBatch, along: Along) => Tensor | null;

/** The second derivative of its loss along v, the outputs' own second derivative left out: (Jv)ᵀH_out(Jv). */
const gaussNewtonForm: FormRule = ({ outputs, losses }, along) => {
  const [moved] = jvp([outputs], along);
  return moved ? secondDerivatives(losses, [[outputs, moved]], [[outputs, moved]]) : null;
};

/** ⟨gₙ, v⟩² of every unit. */
const empiricalFisherForm: FormRule = (batch, along) => {
  const [slopes] = jvp([batch.losses], along);
  return slopes && square(batch.ofUnits(slopes));
};

const formRules: Readonly<Record<CurvatureKind, FormRule>> = {
  hessian: ({ losses }, along) => secondDerivatives(losses, along, along),
  'gauss-newton': gaussNewtonForm,
  'empirical-fisher': empiricalFisherForm,
};

/**
 * vᵀAv of this batch as a part of that over all data: tangents, and tangents of tangents, of the forward pass alone, so that it costs a
 * forward pass and about as much again for each vector; a product with A would take a backward pass beside.
 * @returns a scalar
 */
export function quadraticForm(batch: TracedBatch, kind: CurvatureKind, along: Along): Tensor {
  const form = formRules[kind](batch, along);
  if (!form) return fill(batch.graph, 0, []);
  const ofUnits = kind === 'empirical-fisher' ? form : batch.ofUnits(form);
  return scale(sum(ofUnits), 1 / batch.gathering.units);
}

/**
 * Quadratic forms of a matrix of second order of the mean loss over a data set, or of one of its diagonal blocks, that of some of the
 * parameters. Compiled once, applied as often as wanted; all at one point share the forward pass, and those of one application
 * their dispatches. A form's bits do not depend on what is beside it.
 */
export class QuadraticForms implements FormOperator {
  readonly layout: FlatLayout;
  readonly directions: State;
  readonly forms: State;
  readonly #scope: Scope;
  readonly #pass: RepeatedPass;

  private constructor(
    scope: Scope,
    layout: FlatLayout,
    pass: RepeatedPass,
    { directions, forms }: Pick<FormOperator, 'directions' | 'forms'>,
  ) {
    this.#scope = scope;
    this.layout = layout;
    this.#pass = pass;
    this.directions = directions;
    this.forms = forms;
  }

  /**
   * @param width vectors in one pass over the data
   * @param entries places in the point's layout of the parameters that the vectors are of: all of them if left out
   * @throws RangeError for parameters of several replicas
   */
  static open(
    gpu: Gpu,
    point: Point,
    width: number,
    kind: CurvatureKind,
    entries: readonly number[] = point.layout.entries.map((_, i) => i),
  ): Promise<QuadraticForms> {
    const layout = flatLayout(entries.map((i) => point.layout.entries[i]!));
    return Scope.make(async (scope) => {
      const state = (label: string, shape: readonly number[]): State =>
        scope.own(new State(gpu, { label, shape, replicas: width }));
      const directions = state('directions', [layout.length]);
      const forms = state(`${kind} forms`, []);
      const trace = (batch: TracedBatch): void => {
        const tangents = unpack(read(batch.graph, directions), layout);
        const along = entries.map((of, i) => [batch.parameters[of]!, tangents[i]!] as const);
        batch.gathering.sumInto(forms, quadraticForm(batch, kind, along));
      };
      const varying = [directions, forms];
      const label = `${kind} forms`;
      const pass = scope.own(await RepeatedPass.open(gpu, label, point, varying, trace, width));
      return new QuadraticForms(scope, layout, pass, { directions, forms });
    });
  }

  async apply(then: readonly Program[] = []): Promise<void> {
    await this.#pass.run(then);
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
