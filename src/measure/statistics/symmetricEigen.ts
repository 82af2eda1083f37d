/** Eigenvalues in ascending order; `vectors[j]` is the unit eigenvector of the j-th. */
export interface Eigen {
  readonly values: Float64Array;
  readonly vectors: readonly Float64Array[];
}

/** QL steps for one eigenvalue; two or three are usual. */
const MOST_STEPS = 60;

/**
 * All eigenpairs of a dense symmetric matrix in float64: Householder's reduction to tridiagonal form, then the implicit QL
 * algorithm with Wilkinson's shifts (Golub & Van Loan, Matrix Computations, §8.3; EISPACK's tred2 and tql2). O(n³).
 * @param matrix rows; the upper triangle is ignored
 * @throws Error where an element is not finite, which would end in no eigenvalues
 */
export function symmetricEigen(matrix: readonly ArrayLike<number>[]): Eigen {
  const n = matrix.length;
  const q = matrix.map((row, i) => {
    for (let j = 0; j <= i; j++) {
      if (!Number.isFinite(row[j])) throw new Error(`element [${i}, ${j}] of the matrix is ${row[j]}`);
    }
    return Float64Array.from({ length: n }, (_, j) => (j <= i ? row[j]! : matrix[j]![i]!));
  });
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  tridiagonalise(q, d, e);
  diagonalise(q, d, e);
  const order = Array.from(d.keys()).sort((a, b) => d[a]! - d[b]!);
  return {
    values: Float64Array.from(order, (j) => d[j]!),
    vectors: order.map((j) => Float64Array.from(q, (row) => row[j]!)),
  };
}

/** a ← Q with A = Q·T·Qᵀ; T's diagonal in d, its subdiagonal in e[1…]. */
function tridiagonalise(a: readonly Float64Array[], d: Float64Array, e: Float64Array): void {
  const n = a.length;
  for (let i = n - 1; i > 0; i--) {
    const row = a[i]!;
    let scale = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(row[k]!);
    d[i] = 0;
    if (i === 1 || scale === 0) {
      e[i] = row[i - 1]!;
      continue;
    }
    // The reflection u that takes the row to its last element.
    let h = 0;
    for (let k = 0; k < i; k++) {
      row[k]! /= scale;
      h += row[k]! ** 2;
    }
    const f = row[i - 1]!;
    const g = f >= 0 ? -Math.sqrt(h) : Math.sqrt(h);
    e[i] = scale * g;
    h -= f * g;
    row[i - 1] = f - g;
    let projection = 0;
    for (let j = 0; j < i; j++) {
      a[j]![i] = row[j]! / h;
      let sum = 0;
      for (let k = 0; k <= j; k++) sum += a[j]![k]! * row[k]!;
      for (let k = j + 1; k < i; k++) sum += a[k]![j]! * row[k]!;
      e[j] = sum / h;
      projection += e[j]! * row[j]!;
    }
    const half = projection / (h + h);
    for (let j = 0; j < i; j++) {
      const u = row[j]!;
      const p = e[j]! - half * u;
      e[j] = p;
      for (let k = 0; k <= j; k++) a[j]![k]! -= u * e[k]! + p * row[k]!;
    }
    d[i] = h;
  }
  // The product of the reflections, from the first on.
  for (let i = 0; i < n; i++) {
    const row = a[i]!;
    if (i > 0 && d[i] !== 0) {
      for (let j = 0; j < i; j++) {
        let sum = 0;
        for (let k = 0; k < i; k++) sum += row[k]! * a[k]![j]!;
        for (let k = 0; k < i; k++) a[k]![j]! -= sum * a[k]![i]!;
      }
    }
    d[i] = row[i]!;
    row[i] = 1;
    for (let j = 0; j < i; j++) {
      row[j] = 0;
      a[j]![i] = 0;
    }
  }
}

/** d ← eigenvalues of the tridiagonal matrix; q ← q·(its eigenvectors). */
function diagonalise(q: readonly Float64Array[], d: Float64Array, e: Float64Array): void {
  const n = d.length;
  e.copyWithin(0, 1);
  e[n - 1] = 0;
  for (let l = 0; l < n; l++) {
    for (let step = 0; ; step++) {
      // The first subdiagonal element from l on that is rounding: the matrix splits there.
      let m = l;
      while (m < n - 1 && Math.abs(e[m]!) > Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) m++;
      if (m === l) break;
      if (step === MOST_STEPS) throw new Error(`QL found no eigenvalue in ${MOST_STEPS} steps`);
      const half = (d[l + 1]! - d[l]!) / (2 * e[l]!);
      const root = Math.hypot(half, 1);
      let g = d[m]! - d[l]! + e[l]! / (half + (half >= 0 ? root : -root));
      let [s, c, p] = [1, 1, 0];
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * e[i]!;
        const b = c * e[i]!;
        const r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1]! -= p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1]! - p;
        const t = (d[i]! - g) * s + 2 * c * b;
        p = s * t;
        d[i + 1] = g + p;
        g = c * t - b;
        for (const row of q) {
          const next = row[i + 1]!;
          row[i + 1] = s * row[i]! + c * next;
          row[i] = c * row[i]! - s * next;
        }
      }
      if (i >= l) continue;
      d[l]! -= p;
      e[l] = g;
      e[m] = 0;
    }
  }
}
