import type { Gpu } from '../gpu/device.ts';
import { requireGpu } from '../gpu/requireGpu.ts';
import { Scope } from '../gpu/scope.ts';
import { type State, state } from '../gpu/state.ts';
import { InputError } from '../host/inputError.ts';
import { fill } from '../ops/fill.ts';
import { size, type Tensor } from '../ops/graph.ts';
import { jvp } from './jvp.ts';
import { trace } from './trace.ts';
import { vjp } from './vjp.ts';

/** An operand at which derivatives are checked. */
export interface CheckedInput {
  readonly shape: readonly number[];
  /** Left out: random numbers in [−1, 1). Integers (a Uint32Array) are labels or places: nothing is differentiated by them. */
  readonly values?: Float32Array | Uint32Array | readonly number[];
}

/** What the rules are held against. */
export interface CheckOptions {
  /** The function in float64, of flat operands in row-major order; derivatives are differences of it then, not of the float32 values. */
  readonly reference?: (...inputs: Float64Array[]) => ArrayLike<number>;
  /** Of the random operands and directions. */
  readonly seed?: number;
}

/** Relative errors: the largest difference over the largest magnitude. */
export interface DerivativeErrors {
  /** Of the value against the reference; null without one. */
  readonly value: number | null;
  /** |⟨c, Jd⟩ − ⟨Jᵀc, d⟩|, of jvp and vjp at random c and d, over Σ|Jᵀc||d|: a few times 2⁻²⁴ where they are of one function. */
  readonly adjoint: number;
  /** Of Jd against central differences: about 10⁻⁶ with a reference, 10⁻³ without. */
  readonly tangent: number;
  /** Of the gradient of ⟨c, Jd⟩, what Hessian products are made of, against differences: as large. */
  readonly second: number;
  /** Rules that ops on the way lack, as 'op: vjp': higher derivatives are refused there. */
  readonly missing: readonly string[];
}

/** Step of a difference quotient of float32 values: its error is h² times a third derivative, and 2⁻²⁴/h of rounding. */
const STEP = 2 ** -7;

/**
 * Checks the rules of the ops that a function is made of: that vjp and jvp are each other's adjoints, and that the tangent and the second
 * derivatives are what differences say. For ops of one's own; Basin's are checked by the same.
 *
 * ```ts
 * const errors = await ops.checkDerivatives(gpu, (x) => softplus(x), [{ shape: [33] }], {
 *   reference: (x) => x.map((v) => Math.log1p(Math.exp(v))),
 * });
 * ```
 * @param f of a tensor for each input; smooth there, at a distance of 0.01 as well where no reference is given
 * @throws InputError if no input is of floats, or the reference gives another number of values
 * @throws what tracing and compiling `f` throws
 */
export async function checkDerivatives(
  gpu: Gpu,
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly CheckedInput[],
  { reference, seed = 1 }: CheckOptions = {},
): Promise<DerivativeErrors> {
  requireGpu('checkDerivatives', gpu);
  const { adjointError, againstDifferences, againstReference, drawCotangent, drawPoint } = await import(
    './compareDerivatives.ts'
  );
  const point = drawPoint(inputs, seed);
  if (!point.moves.includes(true)) {
    throw new InputError('checkDerivatives', 'inputs', 'none is of floats, nothing to differentiate by');
  }
  return Scope.within(async (scope) => {
    const { at, cotangent, missing } = await traceDerivatives(gpu, scope, f, point, (elements) =>
      drawCotangent(elements, seed),
    );
    const here = await at(0);
    /** The reference, of as many values as the function has. */
    const exact = (...values: Float64Array[]): Float64Array => {
      const found = Float64Array.from(reference!(...values));
      if (found.length === cotangent.length) return found;
      const reason = `it gives ${found.length} values, the function ${cotangent.length}`;
      throw new InputError('checkDerivatives', 'reference', reason);
    };
    const errors = reference
      ? againstReference(here, point, cotangent, exact)
      : { value: null, ...againstDifferences(here, await at(STEP), await at(-STEP), STEP) };
    return { ...errors, adjoint: adjointError(here, cotangent, moving(point, point.along)), missing };
  });
}

/** Operands, and directions in which they move. */
export interface Point {
  readonly shapes: readonly (readonly number[])[];
  readonly values: readonly (Float32Array | Uint32Array)[];
  /** Whether an operand is of floats, so that it may move. */
  readonly moves: readonly boolean[];
  readonly along: readonly Float32Array[];
  /** For second derivatives. */
  readonly across: readonly Float32Array[];
}

/** Those of the operands that move. */
function moving<T>({ moves }: Point, of: readonly T[]): T[] {
  return of.filter((_, i) => moves[i]);
}

/** What is found on the device at one point. */
export interface Found {
  /** f(x) */
  readonly value: Float32Array;
  /** Jd */
  readonly tangent: Float32Array;
  /** Jᵀc, of every operand that moves. */
  readonly first: readonly Float32Array[];
  /** The gradient of ⟨c, Jd⟩, of every operand that moves. */
  readonly second: readonly Float32Array[];
}

interface Derivatives {
  /** At x + step·d. */
  at(step: number): Promise<Found>;
  /** c */
  readonly cotangent: Float32Array;
  readonly missing: readonly string[];
}

async function traceDerivatives(
  gpu: Gpu,
  scope: Scope,
  f: (...inputs: Tensor[]) => Tensor,
  point: Point,
  draw: (elements: number) => Float32Array<ArrayBuffer>,
): Promise<Derivatives> {
  const { shapes, values, moves, along } = point;
  const own = (label: string, shape: readonly number[], of: Float32Array | Uint32Array): State =>
    scope.own(state(gpu, { label, shape, values: of }));
  const operands = values.map((of, i) => own(`input ${i}`, shapes[i]!, of));
  const directions = along.flatMap((of, i) => (moves[i] ? [own(`direction ${i}`, shapes[i]!, of)] : []));
  let cotangent = new Float32Array() as Float32Array;
  let missing: string[] = [];
  const program = await trace(
    gpu,
    ({ read, graph }) => {
      const all = operands.map(read);
      const wrt = moving(point, all);
      const y = f(...all);
      cotangent = draw(size(y.shape));
      const c = read(own('cotangent', y.shape, cotangent));
      const whole = (of: readonly (Tensor | null)[]): Tensor[] =>
        of.map((tensor, k) => tensor ?? fill(graph, 0, wrt[k]!.shape));
      const tangent =
        jvp(
          y,
          wrt.map((tensor, k) => [tensor, read(directions[k]!)]),
        ) ?? fill(graph, 0, y.shape);
      const first = whole(vjp([[y, c]], wrt).of);
      const second = whole(vjp([[tangent, c]], wrt).of);
      missing = graph.nodes.flatMap(({ op }) =>
        (['vjp', 'jvp'] as const).filter((rule) => !op[rule]).map((rule) => `${op.name}: ${rule}`),
      );
      const named = (name: string, of: readonly Tensor[]) =>
        of.map((tensor, k): [string, Tensor] => [`${name} ${k}`, tensor]);
      return Object.fromEntries([
        ['value', y],
        ['tangent', tangent],
        ...named('first', first),
        ...named('second', second),
      ]);
    },
    { label: 'checkDerivatives' },
  );
  scope.own(program);
  const readAll = (name: string): Promise<Float32Array[]> =>
    Promise.all(directions.map((_, k) => program.results[`${name} ${k}`]!.read()));
  return {
    async at(step) {
      operands.forEach((operand, i) => {
        const of = values[i]!;
        if (of instanceof Float32Array) operand.write(of.map((x, j) => x + step * along[i]![j]!));
      });
      program.run();
      const [value, tangent, first, second] = await Promise.all([
        program.results.value!.read(),
        program.results.tangent!.read(),
        readAll('first'),
        readAll('second'),
      ]);
      return { value, tangent, first, second };
    },
    cotangent,
    missing: [...new Set(missing)],
  };
}
