import type { Gpu } from '../../gpu/device.ts';
import type { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { InputError } from '../../host/inputError.ts';
import { dimension } from '../../ops/flat.ts';
import type { Tensor } from '../../ops/graph.ts';
import { expand } from '../../ops/subspace/expand.ts';
import { project } from '../../ops/subspace/project.ts';
import type { RandomSubspace } from '../../ops/subspace/subspace.ts';
import { purpose } from '../../random/purpose.ts';
import { maskValues, parameterMask } from '../curvature/parameterMask.ts';
import type { Point } from '../pass.ts';
import { subspaceCoordinates } from './subspaceCoordinates.ts';

/** In which coordinates z the loss at θ + Az is searched: A is the identity, or a random subspace's matrix. */
export interface SearchSpace {
  /** p, its dimension; null for full space. */
  readonly subspace: number | null;
  /** Of z: p, or that of a flat vector, padding included. */
  readonly length: number;
  /** A z, flat [P]. */
  toFull(z: Tensor): Tensor;
  /** Aᵀg of a flat gradient, that in z. */
  gradientOf(g: Tensor): Tensor;
  /** A⁺θ, in float64; zeros at padding. */
  readonly coordinates: Float64Array;
  /** Where z may move: not at padding. */
  readonly moves: (coordinate: number) => boolean;
}

/** All parameters. */
export async function fullSpace({ layout, theta }: Point): Promise<SearchSpace> {
  const within = maskValues(layout);
  return {
    subspace: null,
    length: layout.length,
    toFull: (z) => z,
    gradientOf: (g) => g,
    coordinates: Float64Array.from(await theta.read()),
    moves: (coordinate) => within[coordinate] === 1,
  };
}

/**
 * The p columns of a random matrix A of unit-variance normal entries, by the seed, made anew at each product.
 * @param scope owns what the space keeps on the device
 * @throws InputError for more dimensions than parameters, and where the columns are linearly dependent to rounding
 */
export async function randomSpace(
  gpu: Gpu,
  scope: Scope,
  { layout, theta }: Point,
  { columns, seed }: { readonly columns: number; readonly seed: number },
): Promise<SearchSpace> {
  const P = dimension(layout);
  if (columns > P) {
    throw new InputError(
      'sharpness',
      'subspace',
      `${columns} dimensions, expected at most the ${P} parameters`,
    );
  }
  const seeds = scope.own(new State(gpu, { label: 'seed of the subspace', shape: [1], dtype: 'u32' }));
  seeds.write(Uint32Array.of(seed));
  const mask = scope.own(parameterMask(gpu, layout));
  const subspace: RandomSubspace = { columns, purpose: purpose.subspaceColumns, seeds, mask };
  return {
    subspace: columns,
    length: columns,
    toFull: (z) => expand(z, subspace),
    gradientOf: (g) => project(g, subspace),
    coordinates: await subspaceCoordinates(gpu, theta, subspace),
    moves: () => true,
  };
}
