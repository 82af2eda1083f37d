/** Terms after which the series and the fraction have long converged, for the degrees of freedom there are here. */
const TERMS = 10_000;
const PRECISION = 1e-15;

/**
 * P(X > x) for X of the χ² distribution with so many degrees of freedom: the regularised incomplete gamma function
 * Q(n/2, x/2), below its mean by the series of P, above it by Legendre's continued fraction (Abramowitz & Stegun 1964, 26.4.19,
 * 6.5.29 and 6.5.31).
 * @throws RangeError for degrees of freedom that are no positive number
 */
export function chiSquaredTail(x: number, freedom: number): number {
  if (!(freedom > 0)) throw new RangeError(`degrees of freedom: ${freedom}, expected more than 0`);
  if (!(x > 0)) return x <= 0 ? 1 : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return 0;
  const [a, z] = [freedom / 2, x / 2];
  const scale = Math.exp(a * Math.log(z) - z - logGamma(a));
  if (z < a + 1) {
    let [term, sum] = [1 / a, 1 / a];
    for (let k = 1; k < TERMS && term > PRECISION * sum; k++) {
      term *= z / (a + k);
      sum += term;
    }
    return 1 - scale * sum;
  }
  // Lentz's evaluation of 1/(z + 1 − a − 1(1 − a)/(z + 3 − a − …)).
  let b = z + 1 - a;
  let [c, d] = [Number.POSITIVE_INFINITY, 1 / b];
  let fraction = d;
  for (let k = 1; k < TERMS; k++) {
    const step = k * (a - k);
    b += 2;
    d = 1 / (b + step * d);
    c = b + step / c;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < PRECISION) break;
  }
  return scale * fraction;
}

/** ln Γ(a): Stirling's series where it holds to float64, reached by Γ(a + 1) = aΓ(a) (A&S 6.1.41). */
function logGamma(a: number): number {
  let [z, shift] = [a, 0];
  for (; z < 12; z++) shift += Math.log(z);
  const inverse = 1 / z;
  const square = inverse ** 2;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)));
  return (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + series - shift;
}
