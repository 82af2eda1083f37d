import type { Interval } from '../../measure/statistics/interval.ts';

/**
 * An effect as the units of a claim have it: one value each, and where the claim says that their mean lies. A claim of no
 * effect has both ends (two one-sided tests, Schuirmann 1987), one of a rise the lower end alone.
 */
export interface Measured {
  readonly name: string;
  /** One of each unit, in the order of the units; null where a unit gave none (it diverged, it did not come to its goal). */
  readonly values: readonly (number | null)[];
  /** null: told beside, no part of the verdict. */
  readonly margin: Interval | null;
  /** `log`: values and margin are ratios above 0, and the mean is the geometric one. */
  readonly scale?: 'linear' | 'log';
}

/** The claim's effects with its cause taken away. */
export interface Control {
  readonly name: string;
  /** What was taken away, or put in its place. */
  readonly removes: string;
  /** As the claim's own, margins included: they go through the same verdict. */
  readonly effects: readonly Measured[];
}

/** The claim's effects at another tolerance, window or matched loss. */
export interface Variant {
  readonly name: string;
  readonly effects: readonly Measured[];
}
