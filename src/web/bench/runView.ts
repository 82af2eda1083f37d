import type { Ceilings, ClockInfo, HeatMap, KernelsReport, KernelsRow } from '../../bench/kernelsReport.ts';
import type { AdapterInfo } from '../../gpu/device.ts';

/** What the page shows of a run: one under way, one that is over, or one from a file. */
export interface RunView {
  /** Names it in lists. */
  readonly name: string;
  readonly adapter: AdapterInfo | undefined;
  readonly ceilings: Ceilings | undefined;
  readonly clock: ClockInfo | undefined;
  readonly rows: readonly KernelsRow[];
  readonly heatMap: HeatMap | null;
  readonly quick: boolean;
  /** undefined while it is under way. */
  readonly report: KernelsReport | undefined;
  /** The rows as they were before they were run again, by id. */
  readonly before: ReadonlyMap<string, KernelsRow>;
}

/** A run that was read from a file. */
export function viewOf(report: KernelsReport, name: string): RunView {
  const { adapter, ceilings, clock, rows, heatMap, quick } = report;
  return { name, adapter, ceilings, clock, rows, heatMap, quick, report, before: new Map() };
}
