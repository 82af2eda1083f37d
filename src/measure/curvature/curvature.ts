import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { requireOptions } from '../../host/requireOptions.ts';
import { Turns } from '../../host/turns.ts';
import { Uses } from '../../host/uses.ts';
import { dimension } from '../../ops/flat.ts';
import { measureOver } from '../measureOver.ts';
import { type ParameterVector, requireLayout } from '../parameterVector.ts';
import type { Point } from '../pass.ts';
import type { Estimate } from '../statistics/estimate.ts';
import { curvatureTrace } from './curvatureTrace.ts';
import {
  type EigenvalueOptions,
  type EigenvalueProgress,
  type Spectrum,
  searchEigenvalues,
} from './eigenvalues.ts';
import { hutchPlusPlus } from './hutchPlusPlus.ts';
import { type CurvatureKind, CurvatureOperator } from './operator.ts';
import {
  logDeterminant,
  type SpectralDensity,
  type SpectralQuadrature,
  spectralDensity,
  spectralQuadrature,
  startsAtOnce,
} from './spectralDensity.ts';
import { vectorsAtOnce } from './vectorsAtOnce.ts';

/** How eigenvalues are searched for: see `EigenvalueOptions`. */
export interface SpectrumOptions extends Pick<EigenvalueOptions, 'which' | 'seed' | 'tolerance' | 'most'> {
  /** Also the eigenvectors, of length 1. */
  readonly vectors?: boolean | undefined;
  /** Is told how far the search is, at each look at the Ritz values. */
  readonly progress?: ((progress: EigenvalueProgress) => void) | undefined;
}

/** Eigenpairs of a matrix; `vectors` in the order of the pairs, where they were asked for. */
export interface CurvatureSpectrum extends Spectrum {
  readonly vectors: readonly ParameterVector[] | null;
}

/** How a trace is estimated. */
export interface CurvatureTraceOptions {
  /** 16 by default. */
  readonly probes?: number | undefined;
  /** 0 by default. */
  readonly seed?: number | undefined;
  /** By the second derivative along each coordinate. */
  readonly exact?: boolean | undefined;
  /** Hutchinson's probes, or Hutch++ (Meyer et al. 2021), better where few eigenvalues hold most of the matrix. */
  readonly method?: 'hutchinson' | 'hutch++' | undefined;
}

/** From where a spectrum is sampled. */
export interface QuadratureOptions {
  /** Random vectors to start from: 8 by default. */
  readonly starts?: number | undefined;
  /** Steps of Lanczos's process from each, a product each: 64 by default. */
  readonly steps?: number | undefined;
  readonly seed?: number | undefined;
}

/** What a matrix has of the point that made it. */
export interface CurvatureOwner {
  readonly uses: Uses;
  /** A vector of a flat state, that belongs to the point. */
  own(state: State): ParameterVector;
  /** Is told when a matrix frees what it holds. */
  freed(curvature: Curvature): void;
}

let make: (gpu: Gpu, point: Point, kind: CurvatureKind, owner: CurvatureOwner) => Curvature;

/** A matrix at a point. */
export function curvature(gpu: Gpu, point: Point, kind: CurvatureKind, owner: CurvatureOwner): Curvature {
  return make(gpu, point, kind, owner);
}

/**
 * A matrix of second order of the mean loss at a point, known by its products, P × P: the Hessian, the Gauss-Newton matrix or the
 * empirical Fisher matrix (`CurvatureKind`). Nothing is compiled before the first product. What is asked for at once is done
 * one after the other. Freed with its point.
 */
export class Curvature {
  readonly kind: CurvatureKind;
  readonly #gpu: Gpu;
  readonly #point: Point;
  readonly #owner: CurvatureOwner;
  readonly #uses = new Uses('matrix');
  readonly #scope = new Scope();
  readonly #turns = new Turns();
  /** By how many vectors they multiply in one pass. */
  readonly #operators = new Map<number, CurvatureOperator>();

  static {
    make = (...given) => new Curvature(...given);
  }

  private constructor(gpu: Gpu, point: Point, kind: CurvatureKind, owner: CurvatureOwner) {
    this.#gpu = gpu;
    this.#point = point;
    this.kind = kind;
    this.#owner = owner;
  }

  /**
   * The matrix times a vector, or times each of several, as many in one pass over the data as are small enough side by side, at most 32: a
   * product has the same bits by itself. On the device: nothing is waited for but what compiles.
   * @throws InputError for a vector of another model's parameters
   */
  times(vector: ParameterVector): Promise<ParameterVector>;
  times(vectors: readonly ParameterVector[]): Promise<ParameterVector[]>;
  async times(
    given: ParameterVector | readonly ParameterVector[],
  ): Promise<ParameterVector | ParameterVector[]> {
    const vectors = isList(given) ? given : [given];
    for (const vector of vectors) requireLayout(this.kind, this.#point.layout, vector);
    const made = await this.#inTurn(() =>
      Scope.make(async (scope) =>
        (await this.#products(scope, vectors)).map((state) => this.#owner.own(state)),
      ),
    );
    return isList(given) ? made : made[0]!;
  }

  async #products(scope: Scope, vectors: readonly ParameterVector[]): Promise<State[]> {
    const products: State[] = [];
    const width = vectorsAtOnce(this.#point, vectors.length);
    for (let first = 0; first < vectors.length; first += width) {
      const some = vectors.slice(first, first + width);
      const operator = await this.#operator(some.length);
      const { directions } = operator;
      some.forEach(({ state }, i) => {
        directions.copyFrom(state, { at: i * directions.replicaStride });
      });
      await operator.apply();
      some.forEach((_, i) => {
        products.push(scope.own(operator.products.copyOf(i)));
      });
    }
    return products;
  }

  /**
   * The largest eigenvalues in algebraic order, or the smallest, each with its residual |Av − λv|: see `searchEigenvalues`. Where
   * `converged` is false the products ran out first, and the residuals say how far the pairs are.
   * @param count min(count, P) come back
   * @throws RangeError unless count is a positive integer; InputError for what is no option, as of each method here
   */
  eigenvalues(
    count: number | undefined,
    options: SpectrumOptions & { readonly vectors: true },
  ): Promise<CurvatureSpectrum & { readonly vectors: readonly ParameterVector[] }>;
  eigenvalues(count?: number, options?: SpectrumOptions): Promise<CurvatureSpectrum>;
  async eigenvalues(count = 1, given: SpectrumOptions = {}): Promise<CurvatureSpectrum> {
    requireOptions('eigenvalues', given, ['vectors', 'which', 'tolerance', 'most', 'seed', 'progress']);
    const { vectors = false, progress, ...options } = given;
    requireCount('eigenvalues', count, 1);
    const { layout } = this.#point;
    const rows = Math.min(count, dimension(layout));
    return this.#inTurn(async () => {
      // One vector at a time: a search has no more.
      const operator = await this.#operator(1);
      return Scope.within(async (scope) => {
        const flat = { label: 'eigenvectors', shape: [rows, layout.length] };
        const into = vectors ? scope.own(new State(this.#gpu, flat)) : undefined;
        const search = searchEigenvalues(this.#gpu, operator, { ...options, count, vectors: into });
        for (;;) {
          const look = await search.next();
          if (look.done) return { ...look.value, vectors: into ? this.#rowsOf(into) : null };
          progress?.(look.value);
        }
      });
    });
  }

  #rowsOf(rows: State): ParameterVector[] {
    const { length } = this.#point.layout;
    return Scope.makeNow((scope) =>
      Array.from({ length: rows.shape[0]! }, (_, i) => {
        const state = scope.own(new State(this.#gpu, { label: `eigenvector ${i}`, shape: [length] }));
        state.copyFrom(rows, { elements: length, from: i * length });
        return this.#owner.own(state);
      }),
    );
  }

  /**
   * The trace, by Hutchinson's probes (16 of seed 0 by default), by Hutch++, or exactly, along each coordinate; with its standard error over the
   * probes.
   * @throws RangeError for fewer than two probes, or three of Hutch++
   */
  async trace(options: CurvatureTraceOptions = {}): Promise<Estimate> {
    requireOptions('trace', options, ['probes', 'seed', 'exact', 'method']);
    const { probes = 16, seed = 0, exact = false, method = 'hutchinson' } = options;
    requireCount('probes', probes, method === 'hutch++' ? 3 : 2);
    return this.#inTurn(async () => {
      if (method === 'hutch++' && !exact) {
        const width = vectorsAtOnce(this.#point, Math.ceil(probes / 3));
        return hutchPlusPlus(this.#gpu, await this.#operator(width), { probes, seed });
      }
      const trace = curvatureTrace(this.kind, { probes, seed, exact });
      return (await measureOver(this.#gpu, this.#point, { trace })).trace;
    });
  }

  /**
   * The density of the eigenvalues by stochastic Lanczos quadrature (Ubaru et al. 2017; Ghorbani et al. 2019), per unit of λ, with standard
   * errors over the starts.
   * @throws RangeError unless starts and steps are positive integers
   */
  async density(
    options: QuadratureOptions & {
      /** Standard deviation of the Gaussian that smooths each node: the spectrum's range over the steps by default. */
      readonly sigma?: number | undefined;
    } = {},
  ): Promise<SpectralDensity> {
    requireOptions('density', options, ['sigma', ...QUADRATURE]);
    const { sigma, ...quadrature } = options;
    return spectralDensity(await this.quadrature(quadrature), sigma);
  }

  /**
   * ln det(A + shift·I), by the same quadrature, with its standard error over the starts.
   * @throws RangeError where an eigenvalue is not above −shift, unless starts and steps are positive integers
   */
  async logDeterminant(
    options: QuadratureOptions & { readonly shift?: number | undefined } = {},
  ): Promise<Estimate> {
    requireOptions('logDeterminant', options, ['shift', ...QUADRATURE]);
    const { shift = 0, ...quadrature } = options;
    return logDeterminant(await this.quadrature(quadrature), shift);
  }

  /**
   * Nodes and weights of Gauss's quadrature of the spectrum, from each start: what `statistics.spectralSum` takes, for tr f(A) of any f.
   * @throws RangeError unless starts and steps are positive integers
   */
  async quadrature(options: QuadratureOptions = {}): Promise<SpectralQuadrature> {
    requireOptions('quadrature', options, QUADRATURE);
    const { starts = 8, steps = 64, seed = 0 } = options;
    requireCount('starts', starts, 1);
    requireCount('steps', steps, 1);
    return this.#inTurn(async () => {
      const width = startsAtOnce(this.#gpu, this.#point, { starts, steps });
      return spectralQuadrature(this.#gpu, await this.#operator(width), { starts, steps, seed });
    });
  }

  async #operator(width: number): Promise<CurvatureOperator> {
    const known = this.#operators.get(width);
    if (known) return known;
    const made = this.#scope.own(await CurvatureOperator.open(this.#gpu, this.#point, width, this.kind));
    this.#operators.set(width, made);
    return made;
  }

  /** Work for which no other is done meanwhile, nor anything freed. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#owner.uses.during(() => this.#uses.during(() => this.#turns.take(work)));
  }

  /** Frees what multiplies, when what was asked for is done. A second call does nothing. */
  dispose(): void {
    this.#uses.dispose(() => this.#scope.dispose());
    this.#owner.freed(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

const QUADRATURE = ['starts', 'steps', 'seed'];

function isList<T>(given: T | readonly T[]): given is readonly T[] {
  return Array.isArray(given);
}

function requireCount(what: string, count: number, least: number): void {
  if (Number.isInteger(count) && count >= least) return;
  throw new RangeError(`${what}: ${count}, expected an integer of at least ${least}`);
}
