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
export const VERDICTS = ['reproduced', 'not reproduced', 'inconclusive', 'withdrawn'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** A size that the claim is about, with its 95 % interval; the claim says that it lies within the margin. */
export interface Statistic extends Effect {
  readonly name: string;
  /** null where the claim sets none. */
  readonly margin: Interval | null;
  /** How many units of replication it is the mean of, where it is one. */
  readonly units?: number;
  /** One-sided, of the hypothesis that it lies outside the margin. */
  readonly p?: number;
}

/** What a statistic is the mean of: a reader who has it can compute the statistic again. */
export interface UnitValues {
  readonly name: string;
  /** One of each unit, in the order of the units; null where a unit gave none. */
  readonly values: readonly (number | null)[];
  /** `log`: the mean is the geometric one. */
  readonly scale?: 'linear' | 'log';
  /** Effects of one name here have intervals of one scatter, pooled over them; a unit without a value leaves none of them one. */
  readonly pooled?: string;
}

/** A case whose outcome is known before: a control without the claimed cause, a planted effect, a planted null. */
export interface Check {
  readonly name: string;
  readonly expected: string;
  readonly found: string;
  /** Whether it came out as it should; where one does not, nothing was shown. */
  readonly holds: boolean;
  /** What it came to, where that went through the claim's own verdict function. */
  readonly statistics?: readonly Statistic[];
}

/** The claim judged at another tolerance, window or matched loss: a row of the table that its verdict must survive. */
export interface Sensitivity {
  readonly name: string;
  readonly statistics: readonly Statistic[];
  readonly verdict: Verdict;
}

/** What an experiment comes to. JSON. */
export interface Outcome<Detail = unknown> {
  readonly statistics: readonly Statistic[];
  /** In the order of the statistics, where these are means over units. */
  readonly effects?: readonly UnitValues[];
  /** The same measurements with the claimed cause taken away. */
  readonly controls: readonly Check[];
  /** Made-up evidence of known truth, judged by the same function. */
  readonly planted: readonly Check[];
  readonly sensitivity?: readonly Sensitivity[];
  /** Of the hypothesis that some statistic lies outside its margin, not adjusted for other claims. */
  readonly p?: number | null;
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

/** Where a claim is from. */
export const PAPERS = {
  mccandlish: 'McCandlish et al. 2018',
  keskar: 'Keskar et al. 2017',
  'smith-le': 'Smith & Le 2018',
  smith: 'Smith et al. 2018',
  izmailov: 'Izmailov et al. 2018',
  since: 'Since then',
} as const;
export type Paper = keyof typeof PAPERS;

/** What a claim says of itself beyond its statement: the record that a referee asks for. */
export interface ClaimRecord {
  readonly paper: Paper;
  /** What the units are drawn from: data, model, optimizer, how they differ. */
  readonly population: string;
  /** What is counted as one: a trunk with its own initial weights, order, subset and label noise. */
  readonly unit: string;
  /** The prediction with its symbols filled in, and why the margins are where they are: the smallest effect that matters. */
  readonly prediction: string;
  /** What would refute it, in a sentence. */
  readonly refutedBy: string;
  /** How many units `standard` has, and the pilot that says that they are enough for power 0.8; of the effect that decides. */
  readonly power: {
    /** Its seeds, below 1,000. */
    readonly pilot: string;
    /** Standard deviation over the pilot's units, on the effect's scale (of the logarithm for ratios). */
    readonly scatter: number;
    /** From the pilot's mean to the nearer end of the margin; 0 or less: the pilot lies outside, and no number of units helps. */
    readonly distance: number;
    /** Of how many effects the intervals pool the scatter; 1 by default. */
    readonly pooled?: number;
    readonly units: number;
  };
  /** Written after its run where that did not reproduce it: what was looked into, and what a decision would take. */
  readonly lookedInto?: string;
  /** Protocols that this one took the place of, with what they came to. */
  readonly earlier?: readonly EarlierVersion[];
}

/** A protocol that was given up, kept with its verdict. */
export interface EarlierVersion {
  readonly version: number;
  readonly protocol: string;
  readonly verdict: Verdict;
  readonly reason: string;
  /** Why it was changed, and what a look had shown by then. */
  readonly changed: string;
}

/** Made-up evidence of known truth: the claim's effect, as large as is expected; or none of it. */
export type Truth = 'effect' | 'null';

/** What a cell takes on the reference adapter: SwiftShader on two cores, by the pilot. */
export interface CellCost {
  readonly seconds: number;
  /** Of GPU memory, at the most. */
  readonly bytes: number;
}

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
  /** What a referee asks for; of a claim that `basin reproduce` has. */
  readonly record?: ClaimRecord;
  /** Cells that several claims are judged by are named by what is measured, not by the claim: then they are measured once. */
  readonly study?: { readonly id: string; readonly version: number };
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
  /** What a cell takes, before it is run: `basin reproduce --plan`. */
  cost?(cell: Cell): CellCost;
  /** Evidence of known truth for all cells of the protocol, other at each seed: what `judge` makes of it is known before. */
  plant?(truth: Truth, protocol: P, seed: number): readonly CellEvidence<Cell, Evidence>[];
  /** The verdict of planted evidence alone, without the checks that a whole outcome has. */
  verdictOf?(found: readonly CellEvidence<Cell, Evidence>[], protocol: P): Verdict;
  /** What the evidence comes to. @param found all cells of the protocol, in their order */
  judge(found: readonly CellEvidence<Cell, Evidence>[], protocol: P): Outcome<Detail>;
  figure(outcome: Outcome<Detail>): Figure;
  /** Numbers beside the figure. */
  tables?(outcome: Outcome<Detail>): readonly Table[];
}

/** What an experiment says of itself before it runs: plain data, for pages that ask a worker. */
export type ExperimentRecord = Pick<
  Experiment,
  | 'id'
  | 'version'
  | 'statement'
  | 'source'
  | 'withdrawn'
  | 'presets'
  | 'parts'
  | 'series'
  | 'record'
  | 'study'
>;

/** The record of an experiment, without what computes. */
export function recordOf(experiment: Experiment): ExperimentRecord {
  const { id, version, statement, source, withdrawn, presets, parts, series, record, study } = experiment;
  return { id, version, statement, source, withdrawn, presets, parts, series, record, study };
}
