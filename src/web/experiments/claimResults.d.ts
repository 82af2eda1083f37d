/** What a run of `basin reproduce` that comes with the pages made of the claims: by build/claimResults.ts. */
declare module 'virtual:claimResults' {
  import type { ClaimSummary, FigureData } from '../../experiments/reproduction/bundledClaim.ts';
  import type { ClaimResult } from '../../experiments/reproduction/results.ts';

  /** Of that run; null where none comes with the pages. */
  export const preset: string | null;
  /** By the claims' ids. */
  export const summaries: Readonly<Record<string, ClaimSummary>>;
  /** Loads all of a claim's result, without its record of kernels; and its figure, where that is kept as data. */
  export const claims: Readonly<
    Record<string, () => Promise<{ readonly claim: ClaimResult; readonly drawn: FigureData | null }>>
  >;
}
