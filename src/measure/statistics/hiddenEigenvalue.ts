/**
 * How large a unit start vector's component can be along the eigenvectors of λ, where a Lanczos process has not shown λ: with the
 * Ritz values θ and the norms β that it came to, Π βᵢ/|λ − θᵢ|. For p(A)v, p the polynomial with zeros θ, has length Π βᵢ and the
 * component p(λ) times the start's (Golub & Van Loan, Matrix Computations, §10.1). Beyond all θ it is the smaller the
 * farther λ lies.
 */
export function hiddenComponent(ritzValues: Float64Array, norms: Float64Array, lambda: number): number {
  let log = 0;
  ritzValues.forEach((theta, i) => {
    log += Math.log(norms[i]!) - Math.log(Math.abs(lambda - theta));
  });
  return Math.exp(log);
}

/** The chance, at the most, that a random unit vector's component along a given direction is so small: √(2n/π) times it. */
export function chanceOfComponent(component: number, dimension: number): number {
  return Math.min(1, Math.sqrt((2 * dimension) / Math.PI) * component);
}
