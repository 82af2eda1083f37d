/** What a benchmark's file says of one implementation of a case. */
export interface Timing {
  readonly key: string;
  readonly wrong: boolean;
  readonly dispatches: number;
  /** Not there for what an implementation does not offer. */
  readonly gpuErrors?: readonly string[];
}
