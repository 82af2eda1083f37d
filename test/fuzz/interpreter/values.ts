import { type Bounded, EPS, exact, TINY, UNDECIDED } from './bounded.ts';

/** The elements of one replica of a tensor, with the bound of each. */
export interface Values {
  readonly value: Float64Array;
  readonly error: Float64Array;
  /** Terms of the longest sum that a kernel may join with what is done to the result. */
  readonly terms: number;
}

export function exactValues(values: ArrayLike<number>): Values {
  return { value: Float64Array.from(values), error: new Float64Array(values.length), terms: 1 };
}

export function constant(value: number, elements: number): Values {
  return exactValues(new Float64Array(elements).fill(value));
}

export function undecided(elements: number): Values {
  return make(elements, () => UNDECIDED);
}

export function at({ value, error }: Values, i: number): Bounded {
  return { value: value[i]!, error: error[i]! };
}

export function make(elements: number, of: (i: number) => Bounded, terms = 1): Values {
  const made = { value: new Float64Array(elements), error: new Float64Array(elements), terms };
  for (let i = 0; i < elements; i++) {
    const { value, error } = of(i);
    made.value[i] = value;
    made.error[i] = error;
  }
  return made;
}

export function each(x: Values, f: (x: Bounded) => Bounded): Values {
  return make(x.value.length, (i) => f(at(x, i)));
}

/** Elements from where they lie, nothing being computed. */
export function moved(x: Values, elements: number, from: (i: number) => number): Values {
  return make(elements, (i) => {
    const place = from(i);
    return place < 0 ? exact(0) : at(x, place);
  });
}

const flags = (x: Values, is: Test): Float64Array =>
  x.value.map((value, i) => (is(value, x.error[i]!) ? 1 : 0));

const isKnown = (x: Values): boolean => x.value.every(Number.isFinite) && x.error.every(Number.isFinite);

type Linear = (a: ArrayLike<number>) => Float64Array;
type Bilinear = (a: ArrayLike<number>, b: ArrayLike<number>) => Float64Array;

/** y = f(a), f a sum of `terms` elements for each of y. */
export function linear(f: Linear, a: Values, terms: number): Values {
  return bilinear((x) => f(x), a, null, terms);
}

/**
 * y = f(a, b), f a sum of `terms` products of an element of each. The bound of a product is that of its factors' sizes, grown
 * by their errors: f(|a| + e_a, |b| + e_b) − f(|a|, |b|).
 */
export function bilinear(f: Bilinear, a: Values, b: Values | null, terms: number): Values {
  const one = b ?? constant(1, 1);
  const value = f(a.value, one.value);
  const sizes = (x: Values): Float64Array => x.value.map(Math.abs);
  const wide = (x: Values): Float64Array => x.value.map((v, i) => Math.abs(v) + x.error[i]!);
  if (isKnown(a) && isKnown(one)) {
    const least = f(sizes(a), sizes(one));
    const most = f(wide(a), wide(one));
    return make(
      value.length,
      (i) => {
        const grown = (most[i]! - least[i]!) * (1 + 1e-9);
        const error = grown + (terms + 2) * EPS * most[i]! + terms * TINY;
        return most[i]! < 3.4e38 ? { value: value[i]!, error } : UNDECIDED;
      },
      terms,
    );
  }
  // What an element that is not finite reaches is not finite itself, if it is decided at all.
  const ones = (x: Values): Float64Array => new Float64Array(x.value.length).fill(1);
  const meets = (isA: Test, isB: Test | null): Float64Array =>
    f(flags(a, isA), b && isB ? flags(b, isB) : ones(one));
  const reached = (is: Test): Float64Array => {
    const byA = meets(is, null);
    if (!b) return byA;
    const byB = f(ones(a), flags(b, is));
    return byA.map((count, i) => count + byB[i]!);
  };
  const [open, wild] = [reached(isOpen), reached(isWild)];
  const none = new Float64Array(value.length);
  const [wildByVague, vagueByWild] = b ? [meets(isWild, isVagueAt), meets(isVagueAt, isWild)] : [none, none];
  const tame = (x: Values): Values =>
    make(x.value.length, (i) => (Number.isFinite(x.value[i]! + x.error[i]!) ? at(x, i) : exact(0)));
  const rest = bilinear(f, tame(a), b && tame(b), terms);
  return make(
    value.length,
    (i) => {
      if (open[i]! > 0 || wildByVague[i]! > 0 || vagueByWild[i]! > 0) return UNDECIDED;
      return wild[i]! > 0 ? exact(value[i]!) : at(rest, i);
    },
    terms,
  );
}

type Test = (value: number, error: number) => boolean;

const isOpen: Test = (_, error) => error === Number.POSITIVE_INFINITY;
const isWild: Test = (value) => !Number.isFinite(value);
const isVagueAt: Test = (value, error) => error > 0 && !(Math.abs(value) > error);
