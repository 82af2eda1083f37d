import type { State } from '../../gpu/state.ts';
import type { Tensor } from '../graph.ts';
import type { BinsOf } from './histogramBins.ts';
import type { PatchProducts } from './patchProducts.ts';

/** First and second moments over the examples of a batch. */
export interface PerExampleMoments {
  /** ḡ = (1/B) Σₙ gₙ, of the parameter's shape. */
  readonly gradient: Tensor;
  /** Σₙ (gₙ − ḡ)² of every coordinate, of the parameter's shape: divided by B − 1, it is diag Σ. */
  readonly centredSquares: Tensor;
  /** ‖gₙ‖², [B]. */
  readonly normSq: Tensor;
}

/**
 * How the gradient gₙ of one parameter comes about in each example n of a batch, at one use of the parameter or summed over its
 * uses. Statistics come from the factors of gₙ; gₙ itself is formed in registers only, never as a buffer of size B × P, unless
 * `rows` is asked for. Everything is for the scale of the cotangent that it was made with.
 */
export interface PerExampleGradient {
  /**
   * ‖Σ gₙ‖² over each unit of `unitSize` consecutive examples, [B / unitSize]: squared norms of examples, or at a smaller batch
   * size, from the very same backward pass.
   * @throws if the units do not divide the batch
   */
  norms(unitSize?: number): Tensor;
  moments(): PerExampleMoments;
  /**
   * Adds to `counts` how many elements of all gₙ lie in each bin; see `histogram`.
   * @param w the parameter itself, where there are bins of it
   */
  histogram(counts: State, bins: BinsOf, w?: Tensor): void;
  /** gₙ as a sum of products, for each use; null where gₙ is small enough to be formed. */
  readonly patches: readonly PatchProducts[] | null;
  /**
   * gₙ as rows, [B, P], formed.
   * @throws RangeError where they would pass `LARGEST_ROWS` numbers, if they are not there already
   */
  rows(): Tensor;
}
