import type { Effect } from '../../measure/statistics/interval.ts';
import { wilsonInterval } from '../../measure/statistics/wilsonInterval.ts';
import type { Results } from './results.ts';

type Claims = readonly Pick<
  Results['claims'][number],
  'id' | 'version' | 'verdict' | 'statistic' | 'protocol'
>[];

/** A claim as two master seeds have it. */
export interface VerdictPair {
  readonly id: string;
  readonly first: Claims[number];
  readonly second: Claims[number];
  /** Null where neither is decided. */
  readonly same: boolean | null;
}

/** What a second master seed says. */
export interface Agreement {
  readonly pairs: readonly VerdictPair[];
  /** Of the claims that one of the seeds decides, the share that both judge alike. */
  readonly share: Effect | null;
}

/** Sets the verdicts of two master seeds side by side, of claims that both have in one version. */
export function agreement(first: Claims, second: Claims): Agreement {
  const pairs = first.flatMap((one): VerdictPair[] => {
    const other = second.find(({ id, version }) => id === one.id && version === one.version);
    if (!other) return [];
    const decided = one.verdict !== 'inconclusive' || other.verdict !== 'inconclusive';
    return [{ id: one.id, first: one, second: other, same: decided ? one.verdict === other.verdict : null }];
  });
  const decided = pairs.filter(({ same }) => same !== null);
  const alike = decided.filter(({ same }) => same).length;
  return { pairs, share: decided.length > 0 ? wilsonInterval(alike, decided.length) : null };
}
