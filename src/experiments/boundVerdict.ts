import type { Outcome } from './experiment.ts';

/** Seeds below it are pilots': what they showed has gone into protocols and margins. */
export const FIRST_VERDICT_SEED = 1000;

/**
 * The outcome with what may be said of it. A verdict is of the protocol that was set before, at seeds that nobody has looked at: a
 * quick run shows that all of it works, one of a changed protocol is no run of that protocol, one with a pilot's seeds has been
 * seen before; all are inconclusive, and their reason says what they point to.
 * @param changed parts of the protocol that are not the preset's, seeds aside
 */
export function boundVerdict<D>(
  outcome: Outcome<D>,
  preset: string,
  changed: readonly string[],
  seed: number,
): Outcome<D> {
  const { verdict, reason } = outcome;
  if (verdict !== 'reproduced' && verdict !== 'not reproduced') return outcome;
  const why =
    changed.length > 0
      ? `its protocol was changed (${changed.join(', ')})`
      : preset === 'quick'
        ? 'it was a quick run'
        : seed < FIRST_VERDICT_SEED
          ? `its seed ${seed} is a pilot’s`
          : null;
  if (why === null) return outcome;
  const pointsTo = verdict === 'reproduced' ? 'consistent with the claim' : 'not consistent with the claim';
  return { ...outcome, verdict: 'inconclusive', reason: `${pointsTo}, but ${why}: ${reason}` };
}
