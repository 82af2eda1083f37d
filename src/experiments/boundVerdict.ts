import type { Outcome } from './experiment.ts';

/**
 * The outcome with what may be said of it. A verdict is of the protocol that was set before: a quick run shows that all of it
 * works, and one of a changed protocol is no run of that protocol; both are inconclusive, and their reason says what they point to.
 * @param changed parts of the protocol that are not the preset's, seeds aside
 */
export function boundVerdict<D>(outcome: Outcome<D>, preset: string, changed: readonly string[]): Outcome<D> {
  const { verdict, reason } = outcome;
  if (verdict !== 'reproduced' && verdict !== 'not reproduced') return outcome;
  const why =
    changed.length > 0
      ? `its protocol was changed (${changed.join(', ')})`
      : preset === 'quick'
        ? 'it was a quick run'
        : null;
  if (why === null) return outcome;
  const pointsTo = verdict === 'reproduced' ? 'consistent with the claim' : 'not consistent with the claim';
  return { ...outcome, verdict: 'inconclusive', reason: `${pointsTo}, but ${why}: ${reason}` };
}
