import { existsSync, readFileSync } from 'node:fs';
import { effectText, rangeText } from '../experiments/effectText.ts';
import { decidingEffect } from '../experiments/reproduction/decidingEffect.ts';
import type { Results } from '../experiments/reproduction/results.ts';

/** What a run of `basin reproduce` made of a claim. */
export interface Answer {
  readonly verdict: string;
  /** The effect that decides, with its interval. */
  readonly effect: string;
  /** What the claim says that it lies within. */
  readonly margin: string;
}

/** Verdicts of the results that come with the pages, by the claims' ids; none where there is no such file. */
export function claimAnswers(file: string): ReadonlyMap<string, Answer> {
  if (!existsSync(file)) return new Map();
  const { claims } = JSON.parse(readFileSync(file, 'utf8')) as Pick<Results, 'claims'>;
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
