import { binary } from '../../../src/reference/binary.ts';
import { unary } from '../../../src/reference/unary.ts';
import {
  add,
  type Bounded,
  divide,
  EPS,
  exact,
  inverseSqrt,
  isUndecided,
  isVague,
  log,
  monotone,
  multiply,
  negate,
  reciprocal,
  rounded,
  scaled,
  sqrt,
  subtract,
  UNDECIDED,
} from './bounded.ts';
import type { Rule } from './rule.ts';
import { at, make, type Values } from './values.ts';

const ONE = exact(1);

/** WGSL leaves open what exp is of a NaN: SwiftShader's is ∞. */
const notOfNaN =
  (f: (x: Bounded) => Bounded) =>
  (x: Bounded): Bounded =>
    Number.isNaN(x.value) ? UNDECIDED : f(x);

/** y = f(x) where |f′| is at most `steepest`. */
function lipschitz(name: string, steepest: number, local: (x: number) => number) {
  return notOfNaN((x) =>
    isUndecided(x)
      ? UNDECIDED
      : rounded(unary[name]!(x.value, 0), steepest * x.error, local(Math.abs(x.value))),
  );
}

/**
 * exp is right to 3 + 2|x| units, by WGSL's own table; what follows from it in each kernel is a few units more. A tanh that is fused
 * into a product is WGSL's own, (eˣ − e⁻ˣ)/(eˣ + e⁻ˣ): near 0 it is right to units of 1, not of itself.
 */
const FUNCTIONS: Readonly<Record<string, (x: Bounded, factor: number) => Bounded>> = {
  scale: scaled,
  offset: (x, factor) => add(x, exact(Math.fround(factor))),
  relu,
  tanh: notOfNaN((x) => monotone(x, Math.tanh, () => 16 * EPS)),
  sigmoid: notOfNaN((x) =>
    monotone(
      x,
      (v) => 1 / (1 + Math.exp(-v)),
      (y, v) => (8 + 2 * Math.abs(v)) * EPS * y,
    ),
  ),
  exp: notOfNaN((x) => monotone(x, Math.exp, (y, v) => (4 + 2 * Math.abs(v)) * EPS * y)),
  square: (x) => multiply(x, x),
  reciprocal,
  inverseSqrt,
  log,
  sqrt,
  abs: (x) => (isUndecided(x) ? x : { value: Math.abs(x.value), error: x.error }),
  sign,
  softplus: (x) => monotone(x, (v) => unary.softplus!(v, 0), softplusRounding),
  normalDensity: lipschitz('normalDensity', 0.25, (x) => (8 + 2 * x * x) * EPS * unary.normalDensity!(x, 0)),
  // Abramowitz & Stegun 7.1.26 is right to 1.5·10⁻⁷; the sum of its five terms rounds to a few units of 1.
  gelu: lipschitz('gelu', 1.13, (x) => 8 * EPS * x),
  geluDerivative: lipschitz('geluDerivative', 0.8, () => 16 * EPS),
  geluTanh: lipschitz('geluTanh', 1.13, (x) => 16 * EPS * x),
  // 1 − tanh² has the error of tanh, whatever is left of it, and is multiplied by ½x·u′.
  geluTanhDerivative: lipschitz(
    'geluTanhDerivative',
    0.85,
    (x) => EPS * (32 + 16 * x * (1 + 0.134145 * x * x)),
  ),
};

/** Of the larger of x and 0, and of log(1 + e^−|x|), which an exponential's relative error moves by no more than itself. */
function softplusRounding(y: number, x: number): number {
  return Number.isFinite(x) ? EPS * (2 * y + (10 + 2 * Math.abs(x)) * unary.softplus!(-Math.abs(x), 0)) : 0;
}

/** Of what may be of either sign, or 0, any of the three. */
function sign(x: Bounded): Bounded {
  if (isUndecided(x) || isVague(x)) return isUndecided(x) ? x : { value: 0, error: 1 };
  return exact(x.value === 0 ? 0 : Math.sign(x.value));
}

/** |∂ℓ/∂z| = |σ(z) − y| is at most 1 + |y|, |∂ℓ/∂y| = |z|. */
function binaryCrossEntropy(z: Bounded, y: Bounded): Bounded {
  if (isUndecided(z) || isUndecided(y)) return UNDECIDED;
  const value = binary.binaryCrossEntropy!(z.value, y.value);
  if (![z.value, y.value].every(Number.isFinite)) {
    return isVague(z) || isVague(y) ? UNDECIDED : exact(value);
  }
  const [size, weight] = [Math.abs(z.value) + z.error, 1 + Math.abs(y.value) + y.error];
  return rounded(value, weight * z.error + size * y.error, EPS * (4 * size * weight + 9));
}

/** Nothing is computed: the bits are those of x, or of 0. */
function relu(x: Bounded): Bounded {
  if (isUndecided(x) || !(x.value < x.error)) return x;
  return x.value < -x.error ? exact(0) : { value: Math.max(x.value, 0), error: x.error };
}

/**
 * d where y > 0, else 0. Where y may be on either side the result is one of both; of a NaN for y the kernels that a ReLU's
 * backward is fused into make something else than the op alone.
 */
function reluBackward(d: Bounded, y: Bounded): Bounded {
  if (isUndecided(y) || Number.isNaN(y.value)) return UNDECIDED;
  if (y.value - y.error > 0) return d;
  if (y.value + y.error <= 0) return exact(0);
  if (isUndecided(d) || !Number.isFinite(d.value)) return UNDECIDED;
  return { value: d.value, error: d.error + Math.abs(d.value) };
}

/** d·y·(1 − y) */
const sigmoidBackward = (d: Bounded, y: Bounded): Bounded => multiply(multiply(d, y), subtract(ONE, y));
/** d·(1 − y²) */
const tanhBackward = (d: Bounded, y: Bounded): Bounded => multiply(d, subtract(ONE, multiply(y, y)));

export const elementwise: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    Object.entries(FUNCTIONS).map(([name, f]): [string, Rule] => [
      name,
      ({ attributes: { factor } }, [x]) => [map(x!, (v) => f(v, factor))],
    ]),
  ),
  add: (_, [x, y]) => [sum(x!, y!, (b) => b)],
  subtract: (_, [x, y]) => [sum(x!, y!, negate)],
  multiply: (_, [x, y]) => [pairwise(x!, y!, multiply)],
  reluBackward: (_, [d, y]) => [pairwise(d!, y!, reluBackward)],
  tanhBackward: (_, [d, y]) => [pairwise(d!, y!, tanhBackward)],
  sigmoidBackward: (_, [d, y]) => [pairwise(d!, y!, sigmoidBackward)],
  divide: (_, [x, y]) => [pairwise(x!, y!, divide)],
  binaryCrossEntropy: (_, [z, y]) => [pairwise(z!, y!, binaryCrossEntropy)],
};

function map(x: Values, f: (x: Bounded) => Bounded): Values {
  return make(x.value.length, (i) => f(at(x, i)));
}

function pairwise(x: Values, y: Values, f: (x: Bounded, y: Bounded) => Bounded): Values {
  return make(x.value.length, (i) => f(at(x, i), at(y, i)));
}

/** A sum may be joined with those that made its operands, in any order. */
function sum(x: Values, y: Values, side: (y: Bounded) => Bounded): Values {
  const terms = x.terms + y.terms;
  return make(x.value.length, (i) => add(at(x, i), side(at(y, i)), terms), terms);
}
