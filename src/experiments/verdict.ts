/**
 * What an experiment says of a claim. `within tolerance; model rejected`: every effect is as near to the claim as it was said
 * it must be, but the data tell the model's curve from theirs. `inconclusive`: the data could not tell. `withdrawn`: the protocol
 * cannot tell, whatever the data are.
 */
export type Verdict = 'pass' | 'within tolerance; model rejected' | 'fail' | 'inconclusive' | 'withdrawn';

/** An estimate of a size, with the interval that holds the truth with 95 % confidence. */
export interface Effect {
  readonly value: number;
  readonly interval: readonly [number, number];
}
