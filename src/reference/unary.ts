/** Functions of shaders/elementwise/unary.wgsl in float64. `factor` is read by scale and offset. */
export const unary: Readonly<Record<string, (x: number, factor: number) => number>> = {
  scale: (x, factor) => factor * x,
  relu: (x) => Math.max(x, 0),
  tanh: (x) => Math.tanh(x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  gelu: (x) => x * normalDistribution(x),
  geluDerivative: (x) => normalDistribution(x) + x * normalDensity(x),
  geluTanh: (x) => 0.5 * x * (1 + Math.tanh(inner(x))),
  geluTanhDerivative: (x) => {
    const t = Math.tanh(inner(x));
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
  },
  normalDensity,
  square: (x) => x * x,
  exp: (x) => Math.exp(x),
  reciprocal: (x) => 1 / x,
  inverseSqrt: (x) => 1 / Math.sqrt(x),
  offset: (x, factor) => x + factor,
  log: (x) => Math.log(x),
  sqrt: (x) => Math.sqrt(x),
  abs: (x) => Math.abs(x),
  sign: (x) => Math.sign(x),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
};

function inner(x: number): number {
  return Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
}

function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

function normalDistribution(x: number): number {
  return 0.5 * (1 + erf(x / Math.SQRT2));
}

/** erf x = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!, whose terms have one sign (Abramowitz & Stegun 7.1.6). */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
