import { dimension, type FlatLayout } from '../../ops/flat.ts';
import type { Tensor } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import type { Numbers, Quantity } from '../quantity.ts';
import { hessianOf } from './hessianProduct.ts';
import { lanczosRecurrence } from './lanczosRecurrence.ts';
import { quadraticForm } from './quadraticForms.ts';
import { signVector } from './signVector.ts';
import { gaussQuadrature, type Quadrature, type SpectralQuadrature } from './spectralDensity.ts';

/** Of which examples, and from how many vectors. */
export interface DensityOfFirstOptions {
  /** The first so many of the data. */
  readonly examples: number;
  /** Random starts, two or more. */
  readonly starts: number;
  /** Steps of Lanczos's process from each: so many Hessian products. */
  readonly steps: number;
}

const UNKNOWN: Quadrature = { nodes: Float64Array.of(Number.NaN), weights: Float64Array.of(1) };

/** The same starts at each look: what is compared between steps has no other probes. */
const SEED = 0;

/**
 * Stochastic Lanczos quadrature of the Hessian of a fixed subset's mean loss, in a step: all products share one primal pass, the
 * last vector of each start has its quadratic form alone, and the host has the tridiagonal matrices. `LanczosQuadrature` has many steps, made orthogonal again.
 */
export function densityOfFirst({
  examples,
  starts,
  steps,
}: DensityOfFirstOptions): Quantity<SpectralQuadrature> {
  const stepsOf = (layout: FlatLayout): number => Math.min(steps, dimension(layout));
  return {
    trace(batch) {
      const first = batch.first(examples);
      const { graph, layout, gathering } = first;
      const form = (v: Tensor): Tensor => quadraticForm(first, 'hessian', [[first.theta, v]]);
      const hessian = { product: hessianOf(first), form };
      const found = Array.from({ length: starts }, (_, start) => {
        const vector = gathering.memory(`start ${start}`, {
          shape: [layout.length],
          initial: () => signVector(layout, SEED, start),
          shared: true,
          constant: true,
        });
        const { vectors, forms } = lanczosRecurrence(hessian, read(graph, vector), stepsOf(layout));
        return forms.flatMap((form, j) => [
          [`form ${start} ${j}`, form] as const,
          [`square ${start} ${j}`, vectors[j]!.square] as const,
        ]);
      });
      return { values: () => Object.fromEntries(found.flat()) };
    },
    read: (numbers, { layout }) => ({
      dimension: dimension(layout),
      starts: Array.from({ length: starts }, (_, start) => {
        const matrix = tridiagonalOf(numbers, start, stepsOf(layout));
        // Of a run that diverges; an eigenproblem would have no end.
        if (!matrix.every((row) => row.every(Number.isFinite))) return UNKNOWN;
        return gaussQuadrature(matrix);
      }),
    }),
  };
}

/** Its lower triangle, a row a step. */
function tridiagonalOf(numbers: Numbers, start: number, steps: number): Float64Array[] {
  return Array.from({ length: steps }, (_, j) => {
    const row = new Float64Array(steps);
    const square = numbers[`square ${start} ${j}`]![0]!;
    row[j] = numbers[`form ${start} ${j}`]![0]! / square;
    if (j > 0) row[j - 1] = Math.sqrt(square);
    return row;
  });
}
