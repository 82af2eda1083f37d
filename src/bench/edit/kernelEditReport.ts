import type { Scale } from '../kernelCases.ts';
import type { Ceilings, ClockInfo, KernelsRow } from '../kernelsReport.ts';

/** A text in the place of a shipped kernel. */
export interface EditedText {
  readonly text: string;
  /** Workgroups along x and y as formulas of its parameters and constants; an empty one stands for the shipped kernel's. */
  readonly grid: readonly [x: string, y: string];
}

/** Which kernel is edited, and where it runs. */
export interface EditPlace {
  /** A row of the bench without its shape: `matmul ladder 4`, `reduce sum`. */
  readonly row: string;
  /** Path below `shaders/`, without `.wgsl`: one of those that the row runs. */
  readonly kernel: string;
}

/** What `{ job: 'editKernel' }` takes. */
export interface KernelEditSpec extends EditPlace, EditedText {
  /** The row's shape is the largest of this scale. */
  readonly scale: Scale;
  /** Timed beside it: the version before, which was right. */
  readonly last?: EditedText | undefined;
  /** Rounds over the versions, hence samples of each. */
  readonly rounds?: number;
  /** What was measured before: without it the ceilings are measured anew. */
  readonly ceilings?: Ceilings | undefined;
}

/** What is known of a kernel before it is edited. */
export interface EditTarget extends EditPlace {
  readonly scale: Scale;
  readonly shape: string;
  /** What is edited in words: a ladder's version, or what the row computes. */
  readonly title: string;
  /** Kernels that the row runs, in their order. */
  readonly kernels: readonly string[];
  /** As planned for this row: what stands in the text's block of knobs when it is opened. */
  readonly knobs: Readonly<Record<string, number | boolean>>;
  readonly params: Readonly<Record<string, number>>;
  readonly grid: readonly [number, number];
}

/** Something to say of a line of the text, from 1; 0 where it is about the whole. */
export interface EditProblem {
  readonly kind: 'error' | 'warning' | 'info';
  readonly line: number;
  /** From 1; 0 for the whole line. */
  readonly column: number;
  readonly length: number;
  readonly message: string;
}

/** One shape at which the text was compared with float64. */
export interface EditCheck {
  /** In words. */
  readonly shape: string;
  readonly ok: boolean;
  /** Largest error and what is allowed there; null where a number is missing. */
  readonly error: number | null;
  readonly tolerance: number;
  /** Where it is wrong, and by how much; null where it is right. */
  readonly wrong: string | null;
}

/** What the race detector said. */
export type RaceOutcome =
  | { readonly state: 'none'; readonly shape: string }
  | { readonly state: 'found'; readonly shape: string }
  /** Why it cannot tell. */
  | { readonly state: 'unknown'; readonly reason: string };

/** Which of three programs a row is of. */
export type EditVersion = 'shipped' | 'last' | 'edited';

/** One time over another: median of the rounds' quotients, and how far they spread. */
export interface EditRatio {
  readonly value: number;
  readonly spread: number;
  /** It differs from 1 by no more than its spread, or in too few rounds. */
  readonly within: boolean;
}

/** Time of one dispatch of a row of several, by timestamps. */
export interface EditProfileLine {
  readonly kernel: string;
  readonly shipped: number;
  readonly edited: number;
}

export interface KernelEditResult extends EditPlace {
  readonly shape: string;
  readonly scale: Scale;
  /** How far it came: what is refused does not compile, and so on. */
  readonly outcome: 'refused' | 'races' | 'endless' | 'wrong' | 'timed';
  /** The outcome in a sentence or two. */
  readonly verdict: string;
  readonly problems: readonly EditProblem[];
  readonly races: RaceOutcome | null;
  readonly checks: readonly EditCheck[];
  /** The versions that were timed. */
  readonly rows: Readonly<Partial<Record<EditVersion, KernelsRow>>>;
  /** The edited text's time over those of the others. */
  readonly ratios: Readonly<Partial<Record<'shipped' | 'last', EditRatio>>>;
  readonly profile: readonly EditProfileLine[];
  readonly ceilings: Ceilings | null;
  readonly clock: ClockInfo | null;
}
