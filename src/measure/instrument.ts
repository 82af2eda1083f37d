import type { ModelSpec } from '../nn/modelSpec.ts';
import type { Quantity } from './quantity.ts';
import type { Schedule } from './schedule.ts';
import type { FiniteSampling } from './statistics/effectiveBatchSize.ts';
import type { TracedBatch } from './tracedBatch.ts';

/** The run whose readings are told. */
export interface FollowedRun {
  /** Names of the parameters, in the layout's order. */
  readonly names: readonly string[];
  /** How a step's batch was drawn, by the step, counted from 1; null where what it is drawn from is no finite set, nor endless. */
  readonly sampling: (step: number) => FiniteSampling | null;
}

/** What an instrument tells of a step: numbers by name, null for what is not known. */
export type Told = Readonly<Record<string, unknown>>;

/** Where a reading is from. */
export interface ReadAt {
  /** Counted from 1. */
  readonly step: number;
  readonly batchSize: number;
}

/** A part of the data. */
export type Split = 'train' | 'test';

/** A quantity that a training run measures at some of its steps, of the weights before the step's update. */
// biome-ignore lint/suspicious/noExplicitAny: what one finds is for itself to tell
export interface Instrument<Found = any> {
  /** As a train.json and a result name it. */
  readonly type: string;
  readonly schedule: Schedule;
  /** The units that it looks at, so many consecutive examples of the batch; null if it looks at none. */
  readonly unitSize: number | null;
  /** What it wants of a model that this one has not, in words; null for a model that it can measure. Any will do if left out. */
  readonly lacks?: (model: ModelSpec) => string | null;
  /**
   * What is measured of the step's batch; where `split` is given, over the examples of that part of the data, in eval mode, by passes
   * that run before the step.
   */
  readonly quantity: Quantity<Found>;
  /** What is measured at the first look, where that takes more than those after it: numbers of the same names, which `quantity` reads. */
  readonly opening?: Quantity<Found>;
  readonly split?: Split;
  /** The first so many of that part of the data, or all where they are fewer; all of it if left out. */
  readonly first?: number;
  /** What is left in the instrument's memory at the step before each that is due, of the weights before that step's update. */
  readonly prepare?: (batch: TracedBatch) => void;
  /** What there is to tell of one replica, step after step. */
  follow(run: FollowedRun): (found: Found, at: ReadAt) => Told;
}

/** Of a part of the data that has so many examples, those that an instrument of it looks at. */
export function lookedAt({ first = Infinity }: Pick<Instrument, 'first'>, examples: number): number {
  return Math.min(first, examples);
}

/** Examples of the smallest units that any of some instruments looks at; false where none looks at units. */
export function smallestUnit(instruments: readonly Instrument[]): number | false {
  const sizes = instruments.flatMap(({ unitSize }) => (unitSize === null ? [] : [unitSize]));
  return sizes.length > 0 && Math.min(...sizes);
}

/** What of an instrument's reading is drawn over the steps. */
export interface Shown {
  /** In what the instrument tells. */
  readonly key: string;
  /** As formulas write it; `_{x}` sets x below the line. */
  readonly symbol: string;
  readonly name: string;
  readonly equation: string;
  readonly meaning: string;
  readonly source: string;
  /** Drawn on a logarithmic axis at first. */
  readonly log: boolean;
  /** Read from one mini-batch, so that single readings scatter and a running mean shows more. */
  readonly scatters: boolean;
}

/** A kind of instrument: what a train.json may ask for, and what comes of it. */
// biome-ignore lint/suspicious/noExplicitAny: each kind's options are its own
export interface InstrumentKind<Options = any> {
  readonly type: string;
  /** The options beside type and schedule as they may be given. @throws with what was expected */
  options(given: Readonly<Record<string, unknown>>): Options;
  make(options: Options, schedule: Schedule): Instrument;
  /** Whether `measure` takes it too, over all examples of a data set. */
  readonly ofData?: boolean;
  readonly shown: readonly Shown[];
}
