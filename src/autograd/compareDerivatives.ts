import { threefry2x32, uniform01 } from '../random/threefry.ts';
import type { CheckedInput, Found, Point } from './checkDerivatives.ts';

/** Steps of difference quotients of float64 values; of second differences. */
const FINE_STEP = 2 ** -20;
const SECOND_STEP = 2 ** -13;

/** Streams of random numbers, the operands' behind it. */
const COTANGENT = 0;

/** Numbers in [−1, 1), the same for a seed and a stream. */
function draw(seed: number, stream: number, elements: number): Float32Array<ArrayBuffer> {
  const number = (i: number): number => 2 * uniform01(threefry2x32(seed, stream, i, 0)[0]) - 1;
  return Float32Array.from({ length: elements }, (_, i) => number(i));
}

export function drawCotangent(elements: number, seed: number): Float32Array<ArrayBuffer> {
  return draw(seed, COTANGENT, elements);
}

/** Operands, those that are not given random, and directions. */
export function drawPoint(inputs: readonly CheckedInput[], seed: number): Point {
  const shapes = inputs.map(({ shape }) => shape);
  const drawn = (purpose: number) =>
    shapes.map((shape, i) =>
      draw(
        seed,
        1 + 3 * i + purpose,
        shape.reduce((product, extent) => product * extent, 1),
      ),
    );
  const random = drawn(0);
  const values = inputs.map(({ values: given }, i) =>
    given instanceof Uint32Array ? given : Float32Array.from(given ?? random[i]!),
  );
  const moves = values.map((of) => of instanceof Float32Array);
  return { shapes, values, moves, along: drawn(1), across: drawn(2) };
}

/**
 * By central differences of the values and of the gradients. Loaded when derivatives are checked, alone: it imports nothing that an engine wants otherwise.
 */
export function againstDifferences(
  here: Found,
  plus: Found,
  minus: Found,
  step: number,
): { tangent: number; second: number } {
  const quotient = (p: Float32Array, m: Float32Array): Float64Array =>
    Float64Array.from(p, (v, j) => (v - m[j]!) / (2 * step));
  const seconds = here.second.map((of, k) => largestError(of, quotient(plus.first[k]!, minus.first[k]!)));
  return {
    tangent: largestError(here.tangent, quotient(plus.value, minus.value)),
    second: Math.max(...seconds),
  };
}

/** By a function in float64, and differences of it: of the second derivatives the product with another direction. */
export function againstReference(
  here: Found,
  point: Point,
  cotangent: Float32Array,
  reference: (...inputs: Float64Array[]) => Float64Array,
): { value: number; tangent: number; second: number } {
  const { values, moves, along, across } = point;
  /** At x + a·d + b·e. */
  const exact = (a: number, b = 0): Float64Array => {
    const moved = values.map((of, i) =>
      Float64Array.from(of, (x, j) => (moves[i] ? x + a * along[i]![j]! + b * across[i]![j]! : x)),
    );
    return reference(...moved);
  };
  const [plus, minus] = [exact(FINE_STEP), exact(-FINE_STEP)];
  const tangent = plus.map((v, j) => (v - minus[j]!) / (2 * FINE_STEP));
  const h = SECOND_STEP;
  const [pp, pm, mp, mm] = [exact(h, h), exact(h, -h), exact(-h, h), exact(-h, -h)].map((of) =>
    dot(cotangent, of),
  );
  const mixed = (pp! - pm! - mp! + mm!) / (4 * h * h);
  const { product, magnitude } = products(
    here.second,
    across.filter((_, i) => moves[i]),
  );
  return {
    value: largestError(here.value, exact(0)),
    tangent: largestError(here.tangent, tangent),
    second: relative(product - mixed, Math.max(magnitude, Math.abs(mixed))),
  };
}

/** Magnitudes below it are taken as this: a derivative that is zero has no relative error. */
const SMALLEST = 1e-3;

/** What is no number is wrong. */
function relative(difference: number, magnitude: number): number {
  const error = Math.abs(difference) / Math.max(magnitude, SMALLEST);
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

function largestError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [error, magnitude] = [0, 0];
  for (let i = 0; i < expected.length; i++) magnitude = Math.max(magnitude, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++)
    error = Math.max(error, relative(found[i]! - expected[i]!, magnitude));
  return error;
}

export function adjointError(
  { tangent, first }: Found,
  cotangent: Float32Array,
  along: readonly Float32Array[],
): number {
  const { product, magnitude } = products(first, along);
  return relative(dot(cotangent, tangent) - product, magnitude);
}

/** Σ aᵢbᵢ over several vectors, and Σ|aᵢbᵢ|. */
function products(
  a: readonly Float32Array[],
  b: readonly Float32Array[],
): { product: number; magnitude: number } {
  const terms = a.flatMap((of, k) => Array.from(of, (value, j) => value * b[k]![j]!));
  return { product: sum(terms), magnitude: sum(terms.map(Math.abs)) };
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return sum(Array.from(a, (value, i) => value * b[i]!));
}

function sum(terms: readonly number[]): number {
  return terms.reduce((total, term) => total + term, 0);
}
