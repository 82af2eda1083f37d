import type { Instrument, Told } from '../measure/instrument.ts';
import type { Interval } from '../measure/statistics/interval.ts';
import { type LrLaw, rateFactor } from './batchRule.ts';
import type { BatchSizes } from './batchSizes.ts';
import type { BatchChange } from './runChange.ts';
import type { StepReading } from './runReadings.ts';

/**
 * The batch size as the noise scale asks for it: B = √(r·B_noise), which of all B over a run takes the fewest steps where a step is worth r
 * examples (McCandlish et al. 2018, appendix D), with the running B_simple in the place of B_noise.
 */
export interface BatchControl {
  /** r */
  readonly examplesPerStep: number;
  readonly checkEvery: number;
  readonly confirm: number;
  readonly lrLaw: LrLaw;
  /** Every B that may come, ascending, each twice the one before. */
  readonly sizes: readonly number[];
}

/** B is left alone unless what is asked for differs by this factor. */
const HYSTERESIS = 2;

/**
 * Decides B after steps c, 2c, …, from the noise scale's readings up to then and from nothing else, so that a run decides alike however
 * its steps are submitted, and once more after a snapshot.
 *
 * The interval of 1/B_simple makes one of √(r·B_simple). Where all of it, both ends brought into the range of `sizes`, lies at 2B or
 * above at so many checks in a row, or at B/2 or below, B becomes the size whose logarithm is nearest to that of √(r·B_simple). An
 * interval that reaches 0 leaves B_simple without an upper end, as it does wherever the noise scale is far above B: its lower
 * end asks for 2B or more all the same, and is then taken for B_simple. Without an interval, or where no finite noise scale fits, B
 * stays.
 */
export class BatchController {
  readonly #control: BatchControl;
  readonly #batches: BatchSizes;
  readonly #place: number;
  readonly #follow: ReturnType<Instrument['follow']>;
  #noise: Told = {};
  /** Steps up to which it has decided. */
  #decided = 0;
  /** Checks in a row that asked for more (above 0) or for less. */
  #row = 0;

  /**
   * @param noise the place of the noise scale among the run's instruments, and what its readings tell
   * @param batches as they are used
   */
  constructor(
    control: BatchControl,
    noise: { readonly place: number; readonly follow: ReturnType<Instrument['follow']> },
    batches: BatchSizes,
  ) {
    this.#control = control;
    this.#place = noise.place;
    this.#follow = noise.follow;
    this.#batches = batches;
  }

  /** The step after which the next decision is due, which those after it wait for. */
  get next(): number {
    return this.#decided + this.#control.checkEvery;
  }

  /** Takes a step's reading in, each once and in their order; the decisions before it are made, whose outcome the run has had. */
  take({ found, ...at }: StepReading): void {
    while (this.next < at.step) this.decide();
    const numbers = found[this.#place];
    if (numbers !== undefined) this.#noise = this.#follow(numbers, at);
  }

  /** The decision after step `next`, whose readings have all been taken: what is to change, or null. */
  decide(): BatchChange | null {
    this.#decided = this.next;
    const { bSimple, bSimpleInterval, bSimpleResolved } = this.#noise as {
      readonly bSimple?: number | null;
      readonly bSimpleInterval?: Interval | null;
      readonly bSimpleResolved?: boolean;
    };
    const [low, high] = bSimpleInterval ?? [null, null];
    if (low === null) return this.#leave();
    const B = this.#batches.at(this.#decided - 1);
    const direction = this.#wanted(low) >= HYSTERESIS * B ? 1 : this.#wanted(high) <= B / HYSTERESIS ? -1 : 0;
    if (direction === 0) return this.#leave();
    this.#row = Math.sign(this.#row) === direction ? this.#row + direction : direction;
    if (Math.abs(this.#row) < this.#control.confirm) return null;
    const noiseScale = bSimpleResolved ? bSimple! : low;
    const batchSize = nearest(this.#control.sizes, this.#wanted(noiseScale));
    this.#row = 0;
    return {
      batchSize,
      rateFactor: rateFactor(this.#control.lrLaw, B, batchSize, noiseScale),
      bSimple: bSimple!,
      bSimpleInterval: bSimpleInterval!,
    };
  }

  #leave(): null {
    this.#row = 0;
    return null;
  }

  /** √(r·B_noise), in the range of the sizes. @param noiseScale null for ∞ */
  #wanted(noiseScale: number | null): number {
    const { sizes, examplesPerStep } = this.#control;
    if (noiseScale === null) return sizes.at(-1)!;
    return Math.min(sizes.at(-1)!, Math.max(sizes[0]!, Math.sqrt(examplesPerStep * noiseScale)));
  }
}

function nearest(sizes: readonly number[], wanted: number): number {
  const off = (size: number): number => Math.abs(Math.log(size / wanted));
  return sizes.reduce((best, size) => (off(size) < off(best) ? size : best));
}
