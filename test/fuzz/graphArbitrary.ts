import fc from 'fast-check';
import { weightedCalls } from './invalidCalls.ts';
import { weighted } from './steps/steps.ts';

/** A graph as numbers: they are read off by `build`, which makes of any of them a graph that the engine must take. */
export interface GraphCase {
  readonly replicas: 1 | 3;
  readonly runs: 2 | 3;
  readonly steps: readonly { readonly name: string; readonly draws: readonly number[] }[];
  /** A call at the end that the engine must refuse. */
  readonly invalid: { readonly name: string; readonly draws: readonly number[] } | null;
}

export interface Restriction {
  /** Steps to draw from; all if left out. */
  readonly steps?: readonly string[];
  /** Calls that must be refused, all if left out; none where empty. */
  readonly invalid?: readonly string[];
  readonly longest?: number;
}

/** Twice as many as most steps take: a short list is the first thing that a failure is shrunk to. */
const DRAWS = 28;

export function graphArbitrary({
  steps = weighted,
  invalid = weightedCalls,
  longest = 14,
}: Restriction = {}): fc.Arbitrary<GraphCase> {
  const draws = fc.array(fc.nat(9999), { maxLength: DRAWS, size: 'max' });
  const refused = (): fc.Arbitrary<GraphCase['invalid']> =>
    fc.oneof(
      { weight: 7, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.record({ name: fc.constantFrom(...invalid), draws }) },
    );
  return fc.record({
    replicas: fc.constantFrom(1, 3),
    runs: fc.constantFrom(2, 3),
    steps: fc.array(fc.record({ name: fc.constantFrom(...steps), draws }), {
      minLength: 1,
      maxLength: longest,
      size: 'max',
    }),
    invalid: invalid.length === 0 ? fc.constant(null) : refused(),
  });
}
