import type { Reading } from '../../jobs/job.ts';
import type { Interval } from '../../measure/statistics/interval.ts';
import type { Evaluation, Quantity } from '../../present/quantities.ts';

/** Rows kept for drawing; more are thinned out. */
const MOST_ROWS = 5000;

/**
 * Curves over common steps, as a chart wants them: one column for each quantity and replica. Beyond `MOST_ROWS` rows
 * every second one is dropped and new ones are taken half as often; what is drawn are readings, never means of some.
 */
export class SeriesTable {
  readonly steps: number[] = [];
  /** The seconds that the run had run for when each of them was read. */
  readonly seconds: number[] = [];
  readonly #columns = new Map<string, (number | null)[][]>();
  readonly #intervals = new Map<string, (Interval | null)[][]>();
  readonly #quantities: readonly Quantity[];
  /** Steps that must lie between two rows; grows as rows are thinned out. */
  #gap = 0;

  constructor(quantities: readonly Quantity[], replicas: number) {
    this.#quantities = quantities;
    const empty = (): never[][] => Array.from({ length: replicas }, () => []);
    for (const { id, interval } of quantities) {
      this.#columns.set(id, empty());
      if (interval) this.#intervals.set(id, empty());
    }
  }

  /** The curve of each replica: a number for each of `steps`, null where there is none. */
  columns(id: string): readonly (readonly (number | null)[])[] {
    return this.#columns.get(id) ?? [];
  }

  /** The intervals beside it; none for a quantity that has none. */
  intervals(id: string): readonly (readonly (Interval | null)[])[] {
    return this.#intervals.get(id) ?? [];
  }

  /** Steps between two rows when rows are left out; 0 while all are there. */
  get thinnedTo(): number {
    return this.#gap;
  }

  add(event: Reading | Evaluation, seconds: number): void {
    const row = this.#row(event.step);
    if (row === undefined) return;
    this.seconds[row] = seconds;
    for (const quantity of this.#quantities) {
      const column = this.#columns.get(quantity.id)?.[event.replica];
      const value = quantity.read(event);
      if (column)
        column[row] = value !== undefined && value !== null && Number.isFinite(value) ? value : null;
      const intervals = this.#intervals.get(quantity.id)?.[event.replica];
      if (intervals) intervals[row] = quantity.interval?.(event) ?? null;
    }
  }

  /** The row of a step, made if need be; undefined if it is left out. */
  #row(step: number): number | undefined {
    const { steps } = this;
    let row = steps.length;
    while (row > 0 && (steps[row - 1] as number) >= step) row--;
    if (steps[row] === step) return row;
    const before = steps[row - 1] ?? Number.NEGATIVE_INFINITY;
    const after = steps[row] ?? Number.POSITIVE_INFINITY;
    if (step - before < this.#gap || after - step < this.#gap) return undefined;
    steps.splice(row, 0, step);
    this.seconds.splice(row, 0, 0);
    for (const column of this.#eachColumn()) column.splice(row, 0, null);
    if (steps.length <= MOST_ROWS) return row;
    this.#thin();
    return row % 2 === 0 ? row / 2 : undefined;
  }

  #thin(): void {
    this.#gap = 2 * Math.max(this.#gap, (this.steps.at(-1)! - this.steps[0]!) / (this.steps.length - 1));
    for (const list of [this.steps, this.seconds, ...this.#eachColumn()] as unknown[][]) {
      const kept = list.filter((_, index) => index % 2 === 0);
      list.splice(0, list.length, ...kept);
    }
  }

  #eachColumn(): (number | Interval | null)[][] {
    return [...this.#columns.values(), ...this.#intervals.values()].flat();
  }
}
