/** Beyond it the quantile differs from the normal distribution's by less than 3·10⁻⁴. */
const LARGEST = 10_000;

/**
 * Half-width, in standard errors, of the central interval of Student's t distribution that holds `share` of it: 1.960 for
 * many degrees of freedom, 2.365 for 7, 12.7 for 1. Bisection of the distribution function, a finite sum for whole
 * degrees of freedom (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4).
 * @param freedom degrees of freedom; a fraction is rounded down, which widens the interval
 * @throws RangeError for fewer than one degree of freedom, or a share outside (0, 1)
 */
export function studentQuantile(freedom: number, share = 0.95): number {
  if (!(freedom >= 1)) throw new RangeError(`degrees of freedom: ${freedom}, expected at least 1`);
  if (!(share > 0 && share < 1)) throw new RangeError(`share: ${share}, expected 0 < share < 1`);
  const n = Math.min(LARGEST, Math.floor(freedom));
  // In the angle θ = atan(t/√n) the quantile lies within (0, π/2), however far out t is.
  let [low, high] = [0, Math.PI / 2];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (centralShare(middle, n) < share) low = middle;
    else high = middle;
  }
  return Math.sqrt(n) * Math.tan((low + high) / 2);
}

/** P(|t| < √n·tan θ) for n degrees of freedom. */
export function centralShare(theta: number, n: number): number {
  const [sin, cos] = [Math.sin(theta), Math.cos(theta)];
  const odd = n % 2 === 1;
  let term = odd ? cos : 1;
  let sum = n === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < n - 1; k += 2) {
    term *= (cos * cos * (k - 1)) / k;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (theta + sin * sum) : sin * sum;
}
