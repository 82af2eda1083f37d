import type { Held } from './watch.ts';

/** What is soaked: one process under Node, or one page. */
export interface Soaked {
  /** Does one more piece of work, whose bits are those of the first of its kind. @throws where they are others */
  next(): Promise<void>;
  /** What was done so far, in words. */
  readonly done: string;
  held(): Promise<Held>;
  close(): Promise<void>;
}

/** Random numbers in [0, 1), from the seed that is printed. */
export type Draw = () => number;
