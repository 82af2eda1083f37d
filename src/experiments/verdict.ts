/** What an experiment says of a claim; `inconclusive` where its data could not tell. */
export type Verdict = 'pass' | 'fail' | 'inconclusive';

/** An estimate of a size, with the interval that holds the truth with 95 % confidence. */
export interface Effect {
  readonly value: number;
  readonly interval: readonly [number, number];
}
