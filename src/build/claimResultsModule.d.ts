declare module 'virtual:claimResults' {
  import type { BundledClaim, ClaimSummary } from '../experiments/reproduction/bundledClaim.ts';

  /** Of the run that comes with the pages; null where none does. */
  export const preset: string | null;
  /** By the claims' ids. */
  export const summaries: Readonly<Record<string, ClaimSummary>>;
  /** Loads all of a claim's result. */
  export const claims: Readonly<Record<string, () => Promise<{ readonly default: BundledClaim }>>>;
}
