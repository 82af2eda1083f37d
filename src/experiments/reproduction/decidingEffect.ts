import type { ClaimResult, EffectResult } from './results.ts';

/**
 * The effect by which a claim stands or falls: of those that have a margin the one that is least surely within it, which is one without a p if
 * there is one. It is what is shown of a claim in one line: a first effect may lie within its margin where another refutes the claim.
 */
export function decidingEffect({
  statistic,
  statistics,
}: Pick<ClaimResult, 'statistic' | 'statistics'>): EffectResult | null {
  const sure = ({ p }: EffectResult): number => p ?? Number.POSITIVE_INFINITY;
  const gating = statistics.filter(({ margin }) => margin !== null);
  return (
    gating.reduce<EffectResult | null>(
      (least, each) => (least && sure(least) >= sure(each) ? least : each),
      null,
    ) ?? statistic
  );
}
