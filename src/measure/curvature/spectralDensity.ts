import type { Gpu } from '../../gpu/device.ts';
import { dimension } from '../../ops/flat.ts';
import type { Point } from '../pass.ts';
import { type Estimate, estimateFrom } from '../statistics/estimate.ts';
import { symmetricEigen } from '../statistics/symmetricEigen.ts';
import { basesAtOnce, Krylov } from './krylov.ts';
import type { LinearOperator } from './operator.ts';
import { vectorsAtOnce } from './vectorsAtOnce.ts';

/** Gauss's quadrature of the spectral measure that one random start sees: nodes ascending, and weights that sum to 1. */
export interface Quadrature {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/** Stochastic Lanczos quadrature of a symmetric operator's spectrum. */
export interface SpectralQuadrature {
  /** P */
  readonly dimension: number;
  /** One a start. */
  readonly starts: readonly Quadrature[];
}

/** Random starts of a quadrature, and where they come from. */
export interface Starts {
  readonly starts: number;
  readonly seed: number;
}

/** How far a quadrature is, in products of the operator with a vector. */
export interface QuadratureProgress {
  readonly done: number;
  readonly total: number;
}

/**
 * Stochastic Lanczos quadrature (Ubaru, Chen & Saad 2017): from each of several vectors of random signs some steps of
 * Lanczos's process, full reorthogonalisation on the device; the tridiagonal matrix's eigenvalues are nodes, the squared first
 * components of its eigenvectors weights. Of P steps there is no error but that of the starts; of fewer, polynomials up to
 * degree 2·steps − 1 are exact. As many starts side by side as the operator has directions; what a start finds does not depend on
 * it. Compiled once.
 */
export class LanczosQuadrature {
  readonly #dimension: number;
  readonly #width: number;
  readonly #krylov: Krylov;

  /** @param steps products a start; P at the most */
  constructor(gpu: Gpu, operator: LinearOperator, steps: number) {
    this.#dimension = dimension(operator.layout);
    this.#width = operator.directions.replicas;
    this.#krylov = new Krylov(gpu, operator, { capacity: Math.min(steps, this.#dimension), seed: 0 });
  }

  estimate(starts: Starts): Promise<SpectralQuadrature> {
    return toEnd(this.estimating(starts));
  }

  /** The same, telling after each step how many products there are. */
  async *estimating({ starts, seed }: Starts): AsyncGenerator<QuadratureProgress, SpectralQuadrature, void> {
    const krylov = this.#krylov;
    const total = Math.ceil(starts / this.#width) * krylov.capacity;
    krylov.begin(seed);
    const rounds: Promise<Float64Array[][]>[] = [];
    for (let start = 0; start < starts; start += this.#width) {
      krylov.clear();
      await krylov.start('signs');
      for (let rows = 1; rows <= krylov.capacity; rows++) {
        await krylov.extend(rows);
        const before = (start / this.#width) * krylov.capacity;
        yield { done: (before + rows) * this.#width, total: total * this.#width };
      }
      // The copies are in order; nothing waits for one before the next start.
      const projections = krylov.projections();
      projections.catch(() => {});
      rounds.push(projections);
    }
    const found = (await Promise.all(rounds)).flat().slice(0, starts);
    return {
      dimension: this.#dimension,
      starts: found.map((matrix) => gaussQuadrature(tridiagonal(matrix))),
    };
  }

  dispose(): void {
    this.#krylov.dispose();
  }
}

/**
 * Stochastic Lanczos quadrature, once. See `LanczosQuadrature`.
 * @param options.steps products a start; P at the most
 */
export function spectralQuadrature(
  gpu: Gpu,
  operator: LinearOperator,
  options: Starts & { readonly steps: number },
): Promise<SpectralQuadrature> {
  return toEnd(estimateQuadrature(gpu, operator, options));
}

/** The same, telling how far it is. */
export async function* estimateQuadrature(
  gpu: Gpu,
  operator: LinearOperator,
  { steps, ...starts }: Starts & { readonly steps: number },
): AsyncGenerator<QuadratureProgress, SpectralQuadrature, void> {
  const quadrature = new LanczosQuadrature(gpu, operator, steps);
  try {
    return yield* quadrature.estimating(starts);
  } finally {
    quadrature.dispose();
  }
}

/** What a piece of work finds at its end. */
async function toEnd<Found>(work: AsyncGenerator<unknown, Found, void>): Promise<Found> {
  for (;;) {
    const look = await work.next();
    if (look.done) return look.value;
  }
}

/** How many starts should go side by side at a point: as many as a pass takes well, and there is room for the bases of. */
export function startsAtOnce(
  gpu: Gpu,
  point: Point,
  { starts, steps }: { starts: number; steps: number },
): number {
  const { layout } = point;
  const room = basesAtOnce(gpu, layout, Math.min(steps, dimension(layout)));
  return vectorsAtOnce(point, starts, { most: room });
}

/** The quadrature of a tridiagonal matrix, its lower triangle: a row a step of Lanczos's process (Golub & Welsch 1969). */
export function gaussQuadrature(matrix: readonly Float64Array[]): Quadrature {
  const { values, vectors } = symmetricEigen(matrix);
  return { nodes: values, weights: Float64Array.from(vectors, (s) => s[0]! ** 2) };
}

/** What is beside the three diagonals is rounding. */
function tridiagonal(projection: readonly Float64Array[]): Float64Array[] {
  return projection.map((row, i) => row.map((value, j) => (j >= i - 1 ? value : 0)));
}

/**
 * tr f(A) = P·E[Σ wᵢf(θᵢ)], with the standard error over starts. Where one eigenvalue holds most of the sum, as of an inverse that
 * is nearly singular, a start's number is as skewed as a squared normal one, and intervals from few starts are too short.
 */
export function spectralSum(
  { dimension: P, starts }: SpectralQuadrature,
  f: (node: number) => number,
): Estimate {
  return estimateFrom(
    starts.map(({ nodes, weights }) => P * nodes.reduce((sum, node, i) => sum + weights[i]! * f(node), 0)),
  );
}

/**
 * ln det(A + shift·I).
 * @throws RangeError where a node of the spectrum is not above −shift: the logarithm has no value there
 */
export function logDeterminant(spectrum: SpectralQuadrature, shift = 0): Estimate {
  const least = Math.min(...spectrum.starts.map(({ nodes }) => nodes[0]!));
  if (!(least + shift > 0)) {
    throw new RangeError(
      `the logarithm of the determinant needs positive eigenvalues, found ${least} with a shift of ${shift}`,
    );
  }
  return spectralSum(spectrum, (node) => Math.log(node + shift));
}

/** A spectral density on a grid, per unit of λ: its integral is 1. */
export interface SpectralDensity {
  readonly grid: readonly number[];
  /** Mean over starts. */
  readonly density: readonly number[];
  /**
   * Standard error of the mean over starts; null for one start. Where σ takes in a single eigenvalue, a start sees one squared
   * component, so skewed that intervals from few starts are too short.
   */
  readonly stderr: readonly number[] | null;
  /** Standard deviation of the Gaussian that each node is smoothed by. */
  readonly sigma: number;
  readonly starts: number;
  readonly steps: number;
}

/** Grid points within σ, and standard deviations beyond the outermost nodes: the integral is 1 to 10⁻⁵. */
const PER_SIGMA = 4;
const TAIL = 4.5;

/**
 * The quadrature as a density, each node a Gaussian.
 * @param sigma its standard deviation: the spectrum's range over the steps, unless given, and a thousandth of its largest
 *   magnitude at the least
 */
export function spectralDensity({ starts }: SpectralQuadrature, sigma?: number): SpectralDensity {
  const low = Math.min(...starts.map(({ nodes }) => nodes[0]!));
  const high = Math.max(...starts.map(({ nodes }) => nodes.at(-1)!));
  const steps = starts[0]!.nodes.length;
  const least = Math.max(Math.abs(low), Math.abs(high)) / 1000 || 1e-3;
  const width = sigma ?? Math.max((high - low) / steps, least);
  const points = Math.ceil(((high - low) / width + 2 * TAIL) * PER_SIGMA) + 1;
  const grid = Array.from({ length: points }, (_, i) => low + (i / PER_SIGMA - TAIL) * width);
  const scale = 1 / (width * Math.sqrt(2 * Math.PI));
  const estimates = grid.map((at) =>
    estimateFrom(
      starts.map(({ nodes, weights }) => {
        const gaussian = (node: number): number => Math.exp(-(((at - node) / width) ** 2) / 2);
        return scale * nodes.reduce((sum, node, i) => sum + weights[i]! * gaussian(node), 0);
      }),
    ),
  );
  return {
    grid,
    density: estimates.map(({ value }) => value),
    stderr: starts.length > 1 ? estimates.map(({ stderr }) => stderr!) : null,
    sigma: width,
    starts: starts.length,
    steps,
  };
}
