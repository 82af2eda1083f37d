import { dot64 } from '../statistics/dot64.ts';
import { solveLinear } from '../statistics/solveLinear.ts';

/** Curvature of a pair below this share of |y|² is taken for rounding, or is negative: it is left out. */
const LEAST_CURVATURE = 2.2e-16;

/**
 * The limited-memory approximation B = θI − W M Wᵀ of a Hessian in compact form (Byrd, Nocedal & Schnabel 1994; Byrd, Lu, Nocedal & Zhu
 * 1995, eq. 3.2 to 3.4): W = [Y θS] of the last steps s and differences y of the gradient.
 */
export class LimitedMemory {
  /** θ */
  scale: number;
  readonly #most: number;
  readonly #steps: Float64Array[] = [];
  readonly #differences: Float64Array[] = [];
  /** M, [2k, 2k]. */
  #middle = new Float64Array(0);

  /**
   * @param scale θ while no pair is known
   * @param most pairs that are kept
   */
  constructor(scale: number, most: number) {
    this.scale = scale;
    this.#most = most;
  }

  /** 2k, the columns of W. */
  get width(): number {
    return 2 * this.#steps.length;
  }

  /** Takes a pair, if the curvature along it is positive: else B would not stay positive definite. */
  take(step: Float64Array, difference: Float64Array): void {
    const curvature = dot64(step, difference);
    const square = dot64(difference, difference);
    if (!(curvature > LEAST_CURVATURE * square)) return;
    this.#steps.push(step);
    this.#differences.push(difference);
    if (this.#steps.length > this.#most) {
      this.#steps.shift();
      this.#differences.shift();
    }
    this.scale = square / curvature;
    const middle = this.#middleOf();
    if (middle) this.#middle = middle;
    else this.#forget();
  }

  /** M = [[−D, Lᵀ], [L, θSᵀS]]⁻¹, D and L the diagonal of SᵀY and what is below it. */
  #middleOf(): Float64Array<ArrayBuffer> | null {
    const k = this.#steps.length;
    const n = 2 * k;
    const inverse = new Float64Array(n * n);
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < k; j++) {
        const sy = dot64(this.#steps[i]!, this.#differences[j]!);
        if (i === j) inverse[i * n + i] = -sy;
        if (i > j) {
          inverse[(k + i) * n + j] = sy;
          inverse[j * n + k + i] = sy;
        }
        inverse[(k + i) * n + k + j] = this.scale * dot64(this.#steps[i]!, this.#steps[j]!);
      }
    }
    return solveLinear(inverse, identity(n), n) as Float64Array<ArrayBuffer> | null;
  }

  #forget(): void {
    this.#steps.length = 0;
    this.#differences.length = 0;
    this.#middle = new Float64Array(0);
  }

  /** Row i of W, [2k]. */
  row(i: number): Float64Array {
    const k = this.#steps.length;
    return Float64Array.from({ length: 2 * k }, (_, j) =>
      j < k ? this.#differences[j]![i]! : this.scale * this.#steps[j - k]![i]!,
    );
  }

  /** Wᵀv, [2k]. */
  project(v: Float64Array): Float64Array {
    const k = this.#steps.length;
    return Float64Array.from({ length: 2 * k }, (_, j) =>
      j < k ? dot64(this.#differences[j]!, v) : this.scale * dot64(this.#steps[j - k]!, v),
    );
  }

  /** W w, [n]: of 2k numbers. */
  expand(w: Float64Array, n: number): Float64Array {
    const k = this.#steps.length;
    const found = new Float64Array(n);
    for (let j = 0; j < 2 * k; j++) {
      const column = j < k ? this.#differences[j]! : this.#steps[j - k]!;
      const by = j < k ? w[j]! : this.scale * w[j]!;
      for (let i = 0; i < n; i++) found[i]! += by * column[i]!;
    }
    return found;
  }

  /** M w, [2k]. */
  middle(w: Float64Array): Float64Array {
    const n = w.length;
    return Float64Array.from({ length: n }, (_, i) => dot64(this.#middle.subarray(i * n, (i + 1) * n), w));
  }

  /** WᵀW over some coordinates, [2k, 2k]. @param within 1 for those that are taken, else 0 */
  gram(within: Uint8Array): Float64Array {
    const n = this.width;
    const sums = new Float64Array(n * n);
    for (let i = 0; i < within.length; i++) {
      if (!within[i]) continue;
      const row = this.row(i);
      for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) sums[a * n + b]! += row[a]! * row[b]!;
    }
    return sums;
  }
}

/** [n, n] */
export function identity(n: number): Float64Array {
  const ones = new Float64Array(n * n);
  for (let i = 0; i < n; i++) ones[i * n + i] = 1;
  return ones;
}
