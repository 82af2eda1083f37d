import type { State } from '../../gpu/state.ts';
import { axpy, scaleBy, scaleToUnit } from '../../ops/combine.ts';
import { dot, normSq } from '../../ops/dot.ts';
import type { Tensor } from '../../ops/graph.ts';
import { inverseSqrt } from '../../ops/inverseSqrt.ts';
import { read } from '../../ops/leaf.ts';
import { randomVector } from '../../ops/restart.ts';
import { scale } from '../../ops/scale.ts';
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
  /** The vector's Rayleigh quotient. */
  readonly value: number;
  /** |Hv − λv| of the unit vector, from a product of its own. */
  readonly residual: number;
}

/** How an eigenvalue is followed. */
export interface Following {
  /** The first so many examples of the data, of whose mean loss the Hessian is. */
  readonly examples: number;
  /** Steps of Lanczos's process at each look, 16 or fewer: so many Hessian products, and one more for the residual. */
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
      const vector = memory('eigenvector', { shape, initial: () => signVector(layout, seed, 0) });
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
      const last = scaleToUnit(read(graph, vector));
      const mixed = axpy(inverseSqrt(normSq(random)), random, last, MIXED);
      const found = lanczosTop(product, scaleToUnit(mixed), steps);
      const moved = product(found);
      const value = dot(found, moved);
      const residual = normSq(axpy(value, found, moved, -1));
      store(vector, found);
      advance(graph, counters, 1, MANY);
      return { values: () => ({ value, residual }) };
    },
    read: ({ value, residual }) => ({
      value: which === 'largest' ? value![0]! : -value![0]!,
      residual: Math.sqrt(residual![0]!),
    }),
  };
}

/** The unit vector of the largest Ritz value after so many steps of the recurrence from a unit vector. */
function lanczosTop(product: (v: Tensor) => Tensor, start: Tensor, steps: number): Tensor {
  const { vectors, diagonal, beside } = lanczosRecurrence(product, start, steps);
  const { vector } = tridiagonalTop(diagonal, beside);
  const ritz = vectors.reduce<Tensor | null>(
    (sum, v, j) => (sum ? axpy(vector[j]!, v, sum) : scaleBy(vector[j]!, v)),
    null,
  )!;
  return scaleToUnit(ritz);
}
