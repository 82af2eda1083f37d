import type {
  Ceilings,
  ClockInfo,
  HeatMap,
  KernelsEvent,
  KernelsReport,
  KernelsRow,
} from '../../bench/kernelsReport.ts';
import { rooflineShare } from '../../bench/roofline.ts';
import type { AdapterInfo } from '../../gpu/device.ts';
import type { JobEvent } from '../../jobs/job.ts';
import type { RunView } from './runView.ts';

/** The page's own run, as its events come; rows may be run again one by one. */
export class LiveRun implements RunView {
  readonly name = 'this page’s run';
  readonly quick: boolean;
  adapter: AdapterInfo | undefined;
  ceilings: Ceilings | undefined;
  clock: ClockInfo | undefined;
  heatMap: HeatMap | null = null;
  report: KernelsReport | undefined;
  readonly before = new Map<string, KernelsRow>();
  #rows = new Map<string, KernelsRow>();
  #list: readonly KernelsRow[] = [];
  /** By row, the kernels that it last ran: a row that does not compile names none. */
  readonly #kernels = new Map<string, readonly string[]>();
  /** Ids of the rows that the part under way has yielded; undefined in the first run. */
  #again: Set<string> | undefined;

  constructor(quick: boolean) {
    this.quick = quick;
  }

  get rows(): readonly KernelsRow[] {
    return this.#list;
  }

  /** Ids of the rows that run one of these kernels. */
  idsOf(kernels: ReadonlySet<string>): string[] {
    return [...this.#kernels].filter(([, ran]) => ran.some((name) => kernels.has(name))).map(([id]) => id);
  }

  /** What comes from here on replaces rows that are here; their last figures go to `before`. */
  runAgain(): void {
    this.#again = new Set();
  }

  take(event: JobEvent | KernelsEvent): void {
    switch (event.type) {
      case 'adapter':
        this.adapter = event.adapter;
        break;
      case 'ceilings':
        // Rows that are run again are held against what the others were held against.
        this.ceilings ??= event.ceilings;
        this.clock ??= event.clock;
        break;
      case 'row':
        this.#takeRow(event.row);
        break;
      case 'heatMap':
        this.heatMap = event.heatMap;
        break;
      case 'result':
        this.#takeResult(event.result as KernelsReport);
        break;
    }
  }

  #takeRow(row: KernelsRow): void {
    const again = this.#again;
    if (again && !again.has(row.id)) {
      again.add(row.id);
      const last = this.#rows.get(row.id);
      if (last?.time) this.before.set(row.id, last);
    }
    if (row.dispatches.length > 0) {
      this.#kernels.set(
        row.id,
        row.dispatches.map(({ kernel }) => kernel),
      );
    }
    this.#rows.set(row.id, again ? this.#placed(row) : row);
    this.#list = [...this.#rows.values()];
  }

  /** A row under the ceilings of the first run. */
  #placed(row: KernelsRow): KernelsRow {
    const { flops, bytes, time } = row;
    if (!time || !this.ceilings) return row;
    return { ...row, roofline: rooflineShare({ flops, bytes, milliseconds: time.median }, this.ceilings) };
  }

  #takeResult(result: KernelsReport): void {
    for (const row of result.rows) this.#takeRow(row);
    const { ceilings = result.ceilings, clock = result.clock } = this;
    const head = this.report ?? result;
    this.report = { ...head, ceilings, clock, rows: this.#list, heatMap: this.heatMap };
  }
}
