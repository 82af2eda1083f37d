import { holm } from '../../measure/statistics/holm.ts';
import type { Check, ClaimRecord, Sensitivity, Statistic, Verdict } from '../experiment.ts';
import type { Table } from '../figure.ts';
import type { KeptCell } from '../keptCell.ts';
import type { Protocol } from '../protocol.ts';
import type { FailedCell } from './measureClaims.ts';
import type { MergedClaim } from './mergeClaims.ts';

/** An effect as results.json has it. */
export interface EffectResult {
  readonly name: string;
  /** Mean over the units; null where there is none. */
  readonly estimate: number | null;
  /** 95 %, null an open end. */
  readonly interval: readonly [number | null, number | null];
  /** What the claim says that it lies within; null: told beside. */
  readonly margin: readonly [number | null, number | null] | null;
  readonly units: number | null;
  readonly p: number | null;
}

/** A claim in results.json. */
export interface ClaimResult extends Partial<Omit<ClaimRecord, 'paper'>> {
  readonly id: string;
  readonly version: number;
  readonly paper: ClaimRecord['paper'] | null;
  readonly statement: string;
  readonly source: string;
  readonly preset: string;
  readonly protocol: Protocol;
  readonly adapter: KeptCell['adapter'] | null;
  /** Of the units. */
  readonly seeds: readonly number[];
  /** The first of the effects that decide; null where cells are missing. */
  readonly statistic: EffectResult | null;
  readonly margin: EffectResult['margin'];
  /** All of them. */
  readonly statistics: readonly EffectResult[];
  /** The claimed cause removed: the first control's outcome, and all of them. */
  readonly control: Check | null;
  readonly controls: readonly Check[];
  readonly planted: readonly Check[];
  readonly sensitivity: readonly Sensitivity[];
  /** Raw, and adjusted over the claims of this file (Holm 1979). */
  readonly p: number | null;
  readonly pHolm: number | null;
  readonly verdict: Exclude<Verdict, 'withdrawn'>;
  readonly reason: string;
  readonly tables: readonly Table[];
  readonly cells: readonly string[];
  readonly missing: readonly string[];
  readonly kernels: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What the cells took to measure: the only thing here that differs from run to run. */
  readonly minutes: number;
}

/** results.json. */
export interface Results {
  readonly preset: string;
  readonly claims: readonly ClaimResult[];
  /** Claims that want cells which are not there. */
  readonly missing: readonly { readonly claim: string; readonly cells: readonly string[] }[];
  readonly failed: readonly FailedCell[];
}

/** What claims come to, as results.json holds it. */
export function resultsOf(
  preset: string,
  merged: readonly MergedClaim[],
  failed: readonly FailedCell[] = [],
): Results {
  const adjusted = holm(merged.map(({ result }) => result.outcome?.p ?? null));
  const claims = merged.map((each, i) => claimResult(each, adjusted[i]!));
  return {
    preset,
    claims,
    missing: claims.flatMap(({ id, missing }) => (missing.length > 0 ? [{ claim: id, cells: missing }] : [])),
    failed,
  };
}

function claimResult({ claim, result, seconds }: MergedClaim, pHolm: number | null): ClaimResult {
  const { experiment, preset, protocol } = claim;
  const { outcome, cells, missing, adapter } = result;
  const { paper, ...record } = experiment.record ?? {};
  const statistics = (outcome?.statistics ?? []).map(effectResult);
  const statistic = statistics.find(({ margin }) => margin !== null) ?? statistics[0] ?? null;
  return {
    id: experiment.id,
    version: experiment.version,
    paper: paper ?? null,
    statement: experiment.statement,
    source: experiment.source,
    ...record,
    preset,
    protocol,
    adapter: cells.length > missing.length ? adapter : null,
    seeds: seedsOf(experiment.cells(protocol), protocol),
    statistic,
    margin: statistic?.margin ?? null,
    statistics,
    control: outcome?.controls[0] ?? null,
    controls: outcome?.controls ?? [],
    planted: outcome?.planted ?? [],
    sensitivity: outcome?.sensitivity ?? [],
    p: outcome?.p ?? null,
    pHolm,
    ...verdictOf(outcome, cells.length, missing),
    tables: result.tables,
    cells,
    missing,
    kernels: result.kernels,
    minutes: Number((seconds / 60).toFixed(2)),
  };
}

function verdictOf(
  outcome: MergedClaim['result']['outcome'],
  total: number,
  missing: readonly string[],
): Pick<ClaimResult, 'verdict' | 'reason'> {
  if (!outcome) {
    const some = missing.slice(0, 3).join('; ');
    const more = missing.length > 3 ? ` and ${missing.length - 3} more` : '';
    const reason = `${missing.length} of ${total} cells are missing: ${some}${more}`;
    return { verdict: 'inconclusive', reason };
  }
  const { verdict, reason } = outcome;
  if (verdict === 'withdrawn')
    return { verdict: 'inconclusive', reason: `its protocol is withdrawn: ${reason}` };
  return { verdict, reason };
}

function effectResult({ name, value, interval, margin, units, p }: Statistic): EffectResult {
  return {
    name,
    estimate: Number.isFinite(value) ? value : null,
    interval,
    margin,
    units: units ?? null,
    p: p ?? null,
  };
}

/** The seeds of the units, which cells name `unit` or `trunk`; the master seed where they do not. */
function seedsOf(cells: readonly object[], { seed }: Protocol): number[] {
  const named = cells.flatMap((cell) => {
    const { unit, trunk } = cell as { readonly unit?: unknown; readonly trunk?: unknown };
    const of = unit ?? trunk;
    return typeof of === 'number' ? [of] : [];
  });
  return named.length > 0 ? [...new Set(named)].sort((a, b) => a - b) : [seed];
}
