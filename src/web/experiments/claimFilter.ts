import { type ExperimentRecord, PAPERS, type Paper } from '../../experiments/experiment.ts';
import type { ClaimSummary } from '../../experiments/reproduction/bundledClaim.ts';

/** What a list can be asked for; a claim of which no run has come with the page is `not judged`. */
export const LISTED_VERDICTS = [
  'reproduced',
  'not reproduced',
  'inconclusive',
  'withdrawn',
  'not judged',
] as const;
export type ListedVerdict = (typeof LISTED_VERDICTS)[number];

/** A claim as the list has it. */
export interface ListedClaim {
  readonly record: ExperimentRecord;
  readonly verdict: ListedVerdict;
  /** Of the run that came with the page, if it is of this version of the claim. */
  readonly summary: ClaimSummary | undefined;
}

/** Which claims are shown; undefined: all. */
export interface ClaimFilter {
  readonly paper: Paper | undefined;
  readonly verdict: ListedVerdict | undefined;
}

/** Claims with what the page's run made of them; what it made of an older version is no verdict on this one. */
export function listClaims(
  records: readonly ExperimentRecord[],
  summaries: Readonly<Record<string, ClaimSummary>>,
): ListedClaim[] {
  return records.map((record) => {
    const found = Object.hasOwn(summaries, record.id) ? summaries[record.id] : undefined;
    const summary = found?.version === record.version ? found : undefined;
    const verdict = record.withdrawn === undefined ? (summary?.verdict ?? 'not judged') : 'withdrawn';
    return { record, verdict, summary };
  });
}

/** @param values of the address; what names no paper or verdict filters nothing */
export function readFilter({ paper, verdict }: Readonly<Record<string, string>>): ClaimFilter {
  return {
    paper: paper !== undefined && Object.hasOwn(PAPERS, paper) ? (paper as Paper) : undefined,
    verdict: LISTED_VERDICTS.find((each) => each === verdict),
  };
}

export function isShown({ record, verdict }: ListedClaim, filter: ClaimFilter): boolean {
  return (
    (filter.paper === undefined || record.record?.paper === filter.paper) &&
    (filter.verdict === undefined || verdict === filter.verdict)
  );
}

/** How many claims each choice of a filter would show beside the other filter. */
export function counts(
  claims: readonly ListedClaim[],
  filter: ClaimFilter,
): { paper(of: Paper | undefined): number; verdict(of: ListedVerdict | undefined): number } {
  const count = (changed: Partial<ClaimFilter>): number =>
    claims.filter((claim) => isShown(claim, { ...filter, ...changed })).length;
  return { paper: (paper) => count({ paper }), verdict: (verdict) => count({ verdict }) };
}
