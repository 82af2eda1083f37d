import type { FigurePoint, Panel } from '../../../experiments/figure.ts';
import type { JobEvent, JobSpec } from '../../../jobs/job.ts';

/** What is drawn of one run of a figure: points by the name that the figure has for them. */
export type Drawn = Readonly<Record<string, readonly FigurePoint[]>>;

/** A quantity that the reader sets, in steps. */
export interface Slider {
  readonly symbol: string;
  readonly name: string;
  readonly values: readonly number[];
  /** The value that is shown first. */
  readonly first: number;
}

/** What is known where a figure is drawn. */
export interface Shown {
  /** Of the run of the slider's value, as far as it is. */
  readonly chosen: Drawn;
  /** Of the other runs that there are, by their values. */
  readonly others: ReadonlyMap<number, Drawn>;
}

/** A figure of the article: what it computes and how that is drawn. The page and the script that makes its bundled results take it alike. */
export interface LiveFigure {
  /** The anchor of its section. */
  readonly id: string;
  readonly title: string;
  readonly slider: Slider;
  /** The runs there are, by the value that makes each another: those of the slider, or one for all of them. */
  readonly runs: readonly number[];
  /** The run that a value of the slider shows. */
  runOf(value: number): number;
  /** The jobs of a run, one after the other. */
  jobs(run: number): readonly JobSpec[];
  /** What the jobs have told so far, job by job. */
  digest(run: number, events: readonly (readonly JobEvent[])[]): Drawn;
  panels(shown: Shown, value: number): readonly Panel[];
  /** What is to be seen, in a sentence of the numbers that are drawn, `B_{crit}` for an index; undefined where there are too few. */
  sentence(shown: Shown, value: number): string | undefined;
}
