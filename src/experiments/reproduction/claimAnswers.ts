import { effectText, rangeText } from '../effectText.ts';
import { decidingEffect } from './decidingEffect.ts';
import type { Results } from './results.ts';

/** What a run of `basin reproduce` made of a claim, in words. */
export interface ClaimAnswer {
  readonly verdict: string;
  /** The effect that decides, with its interval. */
  readonly effect: string;
  /** What the claim says that it lies within; empty where it says nothing. */
  readonly margin: string;
}

/** Verdicts by the claims' ids. */
export function claimAnswers({ claims }: Pick<Results, 'claims'>): ReadonlyMap<string, ClaimAnswer> {
  return new Map(
    claims.map((claim) => {
      const effect = decidingEffect(claim);
      return [
        claim.id,
        {
          verdict: claim.verdict,
          effect: effect ? `${effect.name}: ${effectText(effect.estimate, effect.interval)}` : 'not measured',
          margin: effect?.margin ? rangeText(effect.margin) : '',
        },
      ];
    }),
  );
}
