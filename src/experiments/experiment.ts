import type { z } from 'zod';
import type { Gpu } from '../gpu/device.ts';
import type { ByteSource } from '../host/byteSource.ts';
import type { WorkEvent } from '../host/workEvent.ts';
import type { Effect, Interval } from '../measure/statistics/interval.ts';
import type { Axes, Figure, Table } from './figure.ts';
import type { PresetName, Protocol } from './protocol.ts';

/**
 * What is said of a claim. `withdrawn` is said of a protocol that cannot tell, whatever is found: it measures, and decides
 * nothing.
 */
export type Verdict = 'reproduced' | 'not reproduced' | 'inconclusive' | 'withdrawn';

/** A size that the claim is about, with its 95 % interval; the claim says that it lies within the margin. */
export interface Statistic extends Effect {
  readonly name: string;
  /** null where the claim sets none. */
  readonly margin: Interval | null;
}

/** A case whose outcome is known before: a control without the claimed cause, a planted effect, a planted null. */
export interface Check {
  readonly name: string;
  readonly expected: string;
  readonly found: string;
  /** Whether it came out as it should; where one does not, nothing was shown. */
  readonly holds: boolean;
}

/** What an experiment comes to. JSON. */
export interface Outcome<Detail = unknown> {
  readonly statistics: readonly Statistic[];
  /** The same measurements with the claimed cause taken away. */
  readonly controls: readonly Check[];
  /** Made-up evidence of known truth, judged by the same function. */
  readonly planted: readonly Check[];
  readonly verdict: Verdict;
  readonly reason: string;
  /** What is told beside: as the experiment itself has it. */
  readonly detail: Detail;
}

/** A new point of a curve of the cell under way. */
export interface SeriesPoint {
  readonly type: 'series';
  /** One of the experiment's `series`. */
  readonly chart: string;
  /** Which curve of that chart. */
  readonly curve: string;
  readonly x: number;
  readonly y: number;
}

/** What a cell tells while it is measured. */
export type CellEvent = WorkEvent | SeriesPoint;

/** A cell that is done. */
export interface CellEvidence<Cell, Evidence> {
  readonly cell: Cell;
  readonly evidence: Evidence;
}

/**
 * A claim that is put to the test: what it says, how it is measured, and what is concluded. A new one is a module that makes
 * this record, and a line in `index.ts`; terminal, page and cluster know nothing else of it.
 *
 * It is measured in cells that know nothing of each other, so that they may run in any order, on other days and other
 * machines. A cell is plain JSON and names all that its evidence depends on, data and seeds included; alike cells give bit-identical
 * evidence on one adapter with the same kernels.
 */
export interface Experiment<
  P extends Protocol = Protocol,
  Cell extends object = object,
  Evidence = unknown,
  Detail = unknown,
> {
  /** As on the command line: `optimal-step`. */
  readonly id: string;
  /** Of protocol and statistic: a change of either is another version. */
  readonly version: number;
  /** The claim, in one sentence. */
  readonly statement: string;
  /** Paper, and equation or section. */
  readonly source: string;
  /** Why no verdict follows from this protocol, where that is so. */
  readonly withdrawn?: string;
  /**
   * The protocol, by how much is spent on it. `quick` shows that all of it works, in minutes on a laptop, and decides nothing;
   * `standard` is what the verdict rests on.
   */
  readonly presets: Readonly<{ quick: P; standard: P }> & Readonly<Partial<Record<PresetName, P>>>;
  /** What each part of the protocol is, in a few words. */
  readonly parts: { readonly [Part in keyof P]: string };
  /** Charts of the curves that grow while it runs, by their titles. */
  readonly series: Readonly<Record<string, Axes>>;
  /** The form of a cell's evidence: what is read from a file is held against it. JSON, all numbers finite. */
  readonly evidence: z.ZodType<Evidence>;

  /**
   * What is to be measured.
   * @throws InputError for a protocol that cannot be
   */
  cells(protocol: P): readonly Cell[];
  /**
   * Measures one cell. It is paused by taking no more events, and stopped by `return()`: there is one to yield at least every
   * second or so, and `finally` frees what is held.
   * @throws InputError for data that cannot be read or do not fit
   */
  run(gpu: Gpu, cell: Cell, host: ByteSource): AsyncGenerator<CellEvent, Evidence, void>;
  /** What the evidence comes to. @param found all cells of the protocol, in their order */
  judge(found: readonly CellEvidence<Cell, Evidence>[], protocol: P): Outcome<Detail>;
  figure(outcome: Outcome<Detail>): Figure;
  /** Numbers beside the figure. */
  tables?(outcome: Outcome<Detail>): readonly Table[];
}

/** What an experiment says of itself before it runs: plain data, for pages that ask a worker. */
export type ExperimentRecord = Pick<
  Experiment,
  'id' | 'version' | 'statement' | 'source' | 'withdrawn' | 'presets' | 'parts' | 'series'
>;

/** The record of an experiment, without what computes. */
export function recordOf(experiment: Experiment): ExperimentRecord {
  const { id, version, statement, source, withdrawn, presets, parts, series } = experiment;
  return { id, version, statement, source, withdrawn, presets, parts, series };
}
