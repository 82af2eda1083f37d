import { lookedAt } from '../measure/instrument.ts';
import type { FlatLayout } from '../ops/flat.ts';
import type { BatchSizes } from './batchSizes.ts';
import { ReadingRows } from './readingRows.ts';
import { type Cells, dueAt, LARGEST_CHUNK, type RunParts, stepKey } from './runParts.ts';
import { shortestFloat32 } from './shortestFloat32.ts';
import type { TrainingOptions } from './trainingRun.ts';

/** What the device recorded of one step of one replica. */
export interface StepReading {
  readonly replica: number;
  /** Counted from 1. */
  readonly step: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly loss: number;
  /** What the run's instruments found, in their order: undefined for those that were not due. */
  readonly found: readonly unknown[];
}

/** What a snapshot has of the readings before it: rows from `at` on, of steps (counted from 0) from `step` up to `until`. */
interface Restored {
  readonly rows: Float32Array;
  readonly until: number;
  at: number;
  step: number;
}

/**
 * The readings of a run: from the rows that the device records to what is asked for, in the order of steps, then replicas, each
 * once. Keeps the numbers of all of them for a snapshot, whose own are given again before any other. Steps are counted from 0.
 */
export class RunReadings {
  readonly #options: TrainingOptions;
  readonly #layout: FlatLayout;
  readonly #cells: RunParts['rows'];
  readonly #batches: BatchSizes;
  readonly #rateAt: (replica: number, step: number) => number;
  readonly #watch: (reading: StepReading) => void;
  /** Those that came back and were not asked for yet. */
  #kept: StepReading[] = [];
  /** The numbers of all that came back. */
  readonly #rows = new ReadingRows();
  /** Those of a snapshot that are still to be given again. */
  #restored: Restored | null = null;
  readonly #diverged = new Set<number>();

  /** @param of B of the steps and ε of a replica at a step, as they were used; `watch` gets every reading as it comes back, once */
  constructor(
    options: TrainingOptions,
    { layout, rows }: Pick<RunParts, 'layout' | 'rows'>,
    of: {
      readonly batches: BatchSizes;
      readonly rateAt: (replica: number, step: number) => number;
      readonly watch: (reading: StepReading) => void;
    },
  ) {
    this.#options = options;
    this.#layout = layout;
    this.#cells = rows;
    this.#batches = of.batches;
    this.#rateAt = of.rateAt;
    this.#watch = of.watch;
  }

  /** Whether each replica has had a loss that is not finite, in what came back. */
  get allDiverged(): boolean {
    return this.#diverged.size === this.#options.replicas.length;
  }

  /** Whether there is a reading of a step. */
  records(step: number): boolean {
    const every = this.#options.recordEvery ?? 1;
    return dueAt(this.#options, step).length > 0 || (every > 0 && (step + 1) % every === 0);
  }

  /** Numbers of all replicas' readings of the steps before one, which had these batches. */
  numbersUntil(step: number, batches: BatchSizes): number {
    let numbers = 0;
    for (let s = 0; s < step; s++) numbers += this.#widthOf(s, batches);
    return numbers * this.#options.replicas.length;
  }

  /** The numbers of all readings that came back, a copy. */
  all(): Float32Array {
    return this.#rows.all();
  }

  /** Begins with the numbers of the readings before a step, `numbersUntil` it. */
  restore(rows: Float32Array, until: number): void {
    this.#rows.push(rows);
    this.#restored = { rows, until, at: 0, step: 0 };
  }

  /** Gives all of a snapshot's readings again that are still to be. */
  replay(): void {
    while (this.#restored) this.#replay(this.#restored);
  }

  /** Takes in the rows that came back for `count` steps, of each replica the ring's. */
  add(rows: readonly Float32Array[], width: number, first: number, count: number): void {
    this.replay();
    const readings: StepReading[] = [];
    for (let i = 0; i < count; i++) {
      const recorded = this.#widthOf(first + i);
      if (recorded === 0) continue;
      rows.forEach((all, replica) => {
        const row = all.subarray(i * width, i * width + recorded);
        this.#rows.push(row);
        readings.push(this.#reading(first + i, replica, row));
      });
    }
    this.#keep(readings);
  }

  /** Readings that are there up to step `end`, which are then no more; none where the next one is of a later step, or not back. */
  take(end: number): StepReading[] {
    for (;;) {
      const later = this.#kept.findIndex(({ step }) => step > end);
      const taken = this.#kept.splice(0, later < 0 ? this.#kept.length : later);
      if (taken.length > 0 || this.#kept.length > 0 || !this.#restored) return taken;
      this.#replay(this.#restored);
    }
  }

  /** Gives some of a snapshot's readings again: many at a time, and never all of a long run's. */
  #replay(restored: Restored): void {
    const { rows, step: first, until } = restored;
    const readings: StepReading[] = [];
    for (; restored.step < until && restored.step < first + LARGEST_CHUNK; restored.step++) {
      const width = this.#widthOf(restored.step);
      for (let replica = 0; width > 0 && replica < this.#options.replicas.length; replica++) {
        const row = rows.subarray(restored.at, restored.at + width);
        readings.push(this.#reading(restored.step, replica, row));
        restored.at += width;
      }
    }
    if (restored.step === until) this.#restored = null;
    this.#keep(readings);
  }

  #keep(readings: readonly StepReading[]): void {
    for (const reading of readings) {
      if (!Number.isFinite(reading.loss)) this.#diverged.add(reading.replica);
      this.#watch(reading);
    }
    this.#kept = this.#kept.concat(readings);
  }

  /** Numbers of a step at the head of its row: what is behind them is of an earlier one. */
  #widthOf(step: number, batches = this.#batches): number {
    if (!this.records(step)) return 0;
    return this.#cellsAt(step, batches)
      .flat()
      .reduce((sum, { count }) => sum + count, 1);
  }

  /** What is behind the loss, of each instrument that is due. */
  #cellsAt(step: number, batches = this.#batches): readonly (readonly Cells[])[] {
    return this.#cells.get(stepKey(this.#options, step, batches.at(step)))!;
  }

  #reading(step: number, replica: number, row: Float32Array): StepReading {
    const batchSize = this.#batches.at(step);
    const learningRate = shortestFloat32(this.#rateAt(replica, step));
    const found = this.#found(step, batchSize, row);
    return { replica, step: step + 1, batchSize, learningRate, loss: row[0]!, found };
  }

  #found(step: number, batchSize: number, row: Float32Array): readonly unknown[] {
    const { instruments = [], dataset } = this.#options;
    const found = new Array<unknown>(instruments.length).fill(undefined);
    const cells = this.#cellsAt(step);
    dueAt(this.#options, step).forEach((place, i) => {
      const instrument = instruments[place]!;
      const { quantity, unitSize: ofUnits, split } = instrument;
      const unitSize = ofUnits ?? 1;
      const part = split === 'test' ? dataset.test! : dataset;
      const examples = split ? lookedAt(instrument, part.examples) : batchSize;
      const numbers = Object.fromEntries(
        cells[i]!.map(({ name, at, count }) => [name, row.subarray(at, at + count)]),
      );
      const of = { layout: this.#layout, examples, units: examples / unitSize, unitSize };
      found[place] = quantity.read(numbers, of);
    });
    return found;
  }
}
