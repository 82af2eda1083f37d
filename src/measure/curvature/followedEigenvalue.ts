import type { State } from '../../gpu/state.ts';
import { axpy, scaleBy } from '../../ops/combine.ts';
import { normSq } from '../../ops/dot.ts';
import { dimension, type FlatLayout } from '../../ops/flat.ts';
import type { Tensor } from '../../ops/graph.ts';
import { inverseSqrt } from '../../ops/inverseSqrt.ts';
import { read } from '../../ops/leaf.ts';
import { multiply } from '../../ops/multiply.ts';
import { reciprocal } from '../../ops/reciprocal.ts';
import { randomVector } from '../../ops/restart.ts';
import { scale } from '../../ops/scale.ts';
import { sqrt } from '../../ops/sqrt.ts';
import { square as squareOf } from '../../ops/square.ts';
import { advance } from '../../ops/state/advance.ts';
import { store } from '../../ops/state/store.ts';
import { tridiagonalTop } from '../../ops/tridiagonalTop.ts';
import { purpose } from '../../random/purpose.ts';
import type { Quantity } from '../quantity.ts';
import { hessianOf } from './hessianProduct.ts';
import { lanczosRecurrence } from './lanczosRecurrence.ts';
import { maskValues } from './parameterMask.ts';
import { MANY } from './samples.ts';
import { signVector } from './signVector.ts';

/** What a look found. */
export interface FollowedValue {
  /** The largest Ritz value: the vector's Rayleigh quotient, up to rounding. */
  readonly value: number;
  /** |Hv − λv| of the unit vector, by the recurrence: what is left of the last product, times the vector's last coefficient. */
  readonly residual: number;
}

/** How an eigenvalue is followed. */
export interface Following {
  /** The first so many examples of the data, of whose mean loss the Hessian is. */
  readonly examples: number;
  /** Steps of Lanczos's process at each look, 16 or fewer: so many Hessian products. */
  readonly steps: number;
  /** Which end of the algebraic order. */
  readonly which?: 'largest' | 'smallest';
  /** Of the first start vector and of what is mixed in at each look. */
  readonly seed?: number;
}

/** Norm of what is mixed into a unit vector. */
const MIXED = 0.01;

/**
 * The largest (or smallest, algebraic) eigenvalue of the Hessian of a fixed subset's mean loss, followed while the parameters
 * move: a few steps of Lanczos's process (1950), each look starting from the last one's eigenvector. Nothing comes from the host,
 * and all its products share one primal pass.
 *
 * A vector that is an eigenvector spans all of its Krylov space. Where another eigenvalue overtakes, of which it has no part (another
 * block of a Hessian that falls into blocks: units that are dead, a head that is not used), the old one would be followed
 * for ever, with a perfect residual. So each look starts from the last vector with 1 % of a random one mixed in: of the steps, all
 * but one are then a search of their own, that finds what has overtaken within a few looks. By the seed and the look's number.
 */
export function followedEigenvalue({
  examples,
  steps,
  which = 'largest',
  seed = 0,
}: Following): Quantity<FollowedValue> {
  return {
    trace(of) {
      const batch = of.first(examples);
      const { graph, layout, gathering } = batch;
      const memory = (name: string, spec: Parameters<typeof gathering.memory>[1]): State =>
        gathering.memory(name, spec);
      const shape = [layout.length];
      const vector = memory('eigenvector', { shape, initial: () => unitSigns(layout, seed) });
      const mask = memory('mask', { shape, initial: () => maskValues(layout), shared: true, constant: true });
      const seeds = memory('seed', {
        shape: [1],
        dtype: 'u32',
        initial: () => Uint32Array.of(seed),
        shared: true,
        constant: true,
      });
      const counters = memory('looks', { shape: [3], dtype: 'u32', shared: true });

      const hessian = hessianOf(batch);
      const product = which === 'largest' ? hessian : (v: Tensor): Tensor => scale(hessian(v), -1);
      const random = randomVector(graph, { purpose: purpose.followedMix, seeds, counters, mask });
      const mixed = axpy(inverseSqrt(normSq(random)), random, read(graph, vector), MIXED);
      const { found, ...values } = lanczosTop(product, mixed, steps);
      store(vector, found);
      advance(graph, counters, 1, MANY);
      return { values: () => values };
    },
    read: ({ value, residual }) => ({
      value: which === 'largest' ? value![0]! : -value![0]!,
      residual: Math.sqrt(residual![0]!),
    }),
  };
}

/**
 * The largest Ritz value after so many steps of the recurrence, its unit vector, and |Av − λv|² of that: A·V is V·T and what is left of
 * the last product, so that the residual is that one's norm times the vector's last coefficient.
 */
function lanczosTop(
  product: (v: Tensor) => Tensor,
  start: Tensor,
  steps: number,
): { readonly found: Tensor; readonly value: Tensor; readonly residual: Tensor } {
  const { vectors, forms, left } = lanczosRecurrence({ product }, start, steps);
  const diagonal = forms.map((form, j) => multiply(form, reciprocal(vectors[j]!.square)));
  const beside = vectors.slice(1).map(({ square }) => sqrt(square));
  const { value, vector: coefficients } = tridiagonalTop(diagonal, beside);
  const ritz = vectors.reduce<Tensor | null>((sum, { vector, square }, j) => {
    const coefficient = multiply(coefficients[j]!, inverseSqrt(square));
    return sum ? axpy(coefficient, vector, sum) : scaleBy(coefficient, vector);
  }, null)!;
  // 1 but for what the vectors lose of being orthogonal.
  const square = normSq(ritz);
  const residual = multiply(multiply(left!, squareOf(coefficients.at(-1)!)), reciprocal(square));
  return { found: scaleBy(inverseSqrt(square), ritz), value, residual };
}

/** Random signs over their norm. */
function unitSigns(layout: FlatLayout, seed: number): Float32Array {
  const length = Math.sqrt(dimension(layout));
  return signVector(layout, seed, 0).map((sign) => sign / length);
}
