import type { Dataset } from '../dataset.ts';

export interface SyntheticOption {
  default: number;
  integer: boolean;
  range: readonly [number, number];
}

/** A kind of synthetic data: its options, and the data set for values of all of them. */
export interface SyntheticKind<Key extends string = string> {
  options: Record<Key, SyntheticOption>;
  generate(options: Record<Key, number>): Dataset;
}

/** An option that counts something. */
export function integer(initial: number, least: number, most = 2 ** 24): SyntheticOption {
  return { default: initial, integer: true, range: [least, most] };
}

/** An option that scales something; at least 10⁻⁶ unless it may vanish. */
export function scale(initial: number, least = 1e-6): SyntheticOption {
  return { default: initial, integer: false, range: [least, 1e6] };
}

/** The option every kind has. */
export const seed: SyntheticOption = { default: 0, integer: true, range: [0, 2 ** 32 - 1] };

/**
 * Training examples 0 … examples − 1 and test examples examples … examples + test − 1 of one stream, so that the
 * two are independent draws of one distribution.
 */
export function withTest(
  { examples, test }: { examples: number; test: number },
  draw: (first: number, count: number) => Dataset,
): Dataset {
  const dataset = draw(0, examples);
  return test === 0 ? dataset : { ...dataset, test: draw(examples, test) };
}
