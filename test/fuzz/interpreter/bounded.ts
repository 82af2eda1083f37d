/**
 * A number in float64, and how far that of a float32 kernel may lie from it. The bound follows each operation from its
 * operands' (running error analysis: Higham, "Accuracy and Stability of Numerical Algorithms", §3.3), so that no tolerance
 * is chosen by hand:
 *
 * - ε = 2⁻²³, twice float32's unit roundoff: WGSL leaves the rounding of a single operation open within one unit of the last
 *   place.
 * - n terms summed in any order are off by at most (n + 2)·ε·Σ|terms|, products of two factors included.
 * - A result below the smallest normal number may be flushed to zero, which `TINY` covers.
 * - error 0: the bits are known, such as those of what was only moved. −0 and 0 differ then.
 * - error ∞: undecided. Nothing is known of what a kernel makes of it: an overflow of float32, a choice between two numbers that lie
 *   within their errors, 1/x where x may be 0.
 * - NaN and ±∞ are kept with error 0 where exact or finite operands decide them.
 */
export interface Bounded {
  readonly value: number;
  readonly error: number;
}

export const EPS = 2 ** -23;
export const TINY = 2 ** -125;
const LARGEST = 3.4e38;

export const UNDECIDED: Bounded = { value: Number.NaN, error: Number.POSITIVE_INFINITY };

export function exact(value: number): Bounded {
  return { value, error: 0 };
}

export function isUndecided({ error }: Bounded): boolean {
  return error === Number.POSITIVE_INFINITY;
}

/** It may be zero, or of either sign. */
export function isVague({ value, error }: Bounded): boolean {
  return error > 0 && !(Math.abs(value) > error);
}

/**
 * A value that operands with `propagated` errors make, rounded by `local` on the way. One that is not finite is known: the
 * caller has seen to that.
 */
export function rounded(value: number, propagated: number, local: number): Bounded {
  if (!(propagated < Number.POSITIVE_INFINITY)) return UNDECIDED;
  if (!Number.isFinite(value)) return exact(value);
  const error = propagated + local + TINY;
  return Math.abs(value) + error < LARGEST ? { value, error } : UNDECIDED;
}

/** @param terms of the longest sum in an operand: a fused kernel may begin that sum with the other operand */
export function add(a: Bounded, b: Bounded, terms = 1): Bounded {
  if (isUndecided(a) || isUndecided(b)) return UNDECIDED;
  return rounded(a.value + b.value, a.error + b.error, EPS * terms * (Math.abs(a.value) + Math.abs(b.value)));
}

export function negate({ value, error }: Bounded): Bounded {
  return { value: -value, error };
}

export function subtract(a: Bounded, b: Bounded, terms = 1): Bounded {
  return add(a, negate(b), terms);
}

export function multiply(a: Bounded, b: Bounded): Bounded {
  if (isUndecided(a) || isUndecided(b)) return UNDECIDED;
  const finite = Number.isFinite(a.value) && Number.isFinite(b.value);
  if (!finite) return isVague(a) || isVague(b) ? UNDECIDED : exact(a.value * b.value);
  const value = a.value * b.value;
  const propagated = Math.abs(a.value) * b.error + Math.abs(b.value) * a.error + a.error * b.error;
  return rounded(value, propagated, EPS * (Math.abs(value) + propagated));
}

/** Times a constant, which a kernel has in float32. */
export function scaled(a: Bounded, factor: number): Bounded {
  return multiply(a, exact(Math.fround(factor)));
}

/** Σ of terms in any order. */
export function sumOf(terms: readonly Bounded[]): Bounded {
  let value = 0;
  let error = 0;
  let size = 0;
  for (const term of terms) {
    if (isUndecided(term)) return UNDECIDED;
    value += term.value;
    error += term.error;
    size += Math.abs(term.value) + term.error;
  }
  // A sum on the way may overflow even where the whole does not.
  if (Number.isFinite(value) && size > LARGEST) return UNDECIDED;
  return rounded(value, error, (terms.length + 2) * EPS * size);
}

/** y = f(x) for f monotone where x may be: what it makes of both ends bounds the error. */
export function monotone(
  x: Bounded,
  f: (x: number) => number,
  local: (y: number, x: number) => number,
): Bounded {
  if (isUndecided(x)) return UNDECIDED;
  const { value, error } = x;
  const y = f(value);
  if (error === 0) return rounded(y, 0, local(y, value));
  const away = (to: number): number => (f(to) === y ? 0 : Math.abs(f(to) - y));
  return rounded(y, Math.max(away(value - error), away(value + error)), local(y, value));
}

export function reciprocal(x: Bounded): Bounded {
  if (isUndecided(x) || isVague(x)) return UNDECIDED;
  return monotone(
    x,
    (v) => 1 / v,
    (y) => 3 * EPS * Math.abs(y),
  );
}

/** A quotient by what may be 0, or be taken for it, is undecided. */
export function divide(a: Bounded, b: Bounded): Bounded {
  if (isUndecided(a) || isUndecided(b)) return UNDECIDED;
  const value = a.value / b.value;
  if (![a.value, b.value].every(Number.isFinite)) return isVague(a) || isVague(b) ? UNDECIDED : exact(value);
  const least = Math.abs(b.value) - b.error;
  if (b.value === 0 && b.error === 0) return isVague(a) ? UNDECIDED : exact(value);
  if (!(least > TINY)) return UNDECIDED;
  const propagated = (a.error + Math.abs(value) * b.error) / least;
  return rounded(value, propagated, 4 * EPS * (Math.abs(value) + propagated));
}

/** −∞ at 0 and NaN below; a number that a device may take for 0 is undecided, and so is what may be either. */
export function log(x: Bounded): Bounded {
  if (isUndecided(x)) return UNDECIDED;
  const value = Math.log(x.value);
  if (Number.isNaN(x.value) || (x.value === 0 && x.error === 0) || x.value + x.error < -TINY)
    return exact(value);
  if (!(x.value - x.error > TINY)) return UNDECIDED;
  return monotone(x, Math.log, (y) => 4 * EPS * Math.abs(y));
}

/** NaN below 0. */
export function sqrt(x: Bounded): Bounded {
  if (isUndecided(x)) return UNDECIDED;
  const value = Math.sqrt(x.value);
  if (Number.isNaN(x.value) || (x.value === 0 && x.error === 0) || x.value + x.error < -TINY)
    return exact(value);
  if (!(x.value - x.error > TINY)) return UNDECIDED;
  return monotone(x, Math.sqrt, (y) => 6 * EPS * y);
}

/** WGSL leaves open what it is of 0 and of negative numbers. */
export function inverseSqrt(x: Bounded): Bounded {
  if (isUndecided(x) || !(x.value > x.error)) return Number.isNaN(x.value) ? x : UNDECIDED;
  return monotone(
    x,
    (v) => 1 / Math.sqrt(v),
    (y) => 4 * EPS * y,
  );
}
