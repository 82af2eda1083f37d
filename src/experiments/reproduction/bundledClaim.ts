import type { UnitValues } from '../experiment.ts';
import type { ExperimentResult } from '../experimentResult.ts';
import type { Figure } from '../figure.ts';
import type { ClaimResult, EffectResult } from './results.ts';

/** A figure of `basin reproduce` as data, with what the effects in it are means of. */
export interface FigureData {
  readonly figure: Figure;
  readonly effects: readonly UnitValues[];
}

/** What a run of `basin reproduce` made of a claim, as the list of a page shows it. */
export type ClaimSummary = Pick<ClaimResult, 'version' | 'verdict' | 'statistic' | 'statistics'>;

/** What a run of `basin reproduce` made of a claim. */
export interface BundledClaim {
  readonly result: ExperimentResult;
  /** Adjusted over the claims of that run (Holm 1979). */
  readonly pHolm: number | null;
  /** That its cells took to measure. */
  readonly minutes: number;
  readonly seeds: readonly number[];
}

/** A claim of results.json as an experiment gives its result. @param drawn its figure, where that is kept as data */
export function bundledClaim(claim: ClaimResult, drawn: FigureData | null): BundledClaim {
  const { id, version, statement, source, preset, protocol, adapter, cells, missing } = claim;
  const { verdict, reason, controls, planted, sensitivity, p, pHolm, minutes, seeds } = claim;
  return {
    result: {
      experiment: { id, version, statement, source },
      preset,
      protocol,
      adapter: adapter ?? { vendor: '', architecture: '', device: '', description: '' },
      cells,
      missing,
      outcome:
        missing.length > 0
          ? null
          : {
              statistics: claim.statistics.map(statisticOf),
              ...(drawn ? { effects: drawn.effects } : {}),
              controls,
              planted,
              sensitivity,
              p,
              verdict,
              reason,
              detail: null,
            },
      figure: drawn?.figure ?? null,
      tables: claim.tables,
      kernels: {},
    },
    pHolm,
    minutes,
    seeds,
  };
}

function statisticOf({ name, estimate, interval, margin, units, p }: EffectResult) {
  return {
    name,
    // JSON has no NaN: a reader takes it for no number.
    value: estimate ?? Number.NaN,
    interval,
    margin,
    ...(units === null ? {} : { units }),
    ...(p === null ? {} : { p }),
  };
}
