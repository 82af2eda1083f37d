/** What any longer piece of work tells while it goes on. */
export type WorkEvent =
  | { readonly type: 'phase'; readonly phase: string }
  /** What was inferred from the files, for a user to check. */
  | { readonly type: 'note'; readonly text: string }
  | {
      readonly type: 'progress';
      readonly done: number;
      /** What of it had been done before this piece of work began. */
      readonly before?: number;
      readonly total: number;
      readonly unit:
        | 'steps'
        | 'examples'
        | 'shapes'
        | 'rows'
        | 'rounds'
        | 'draws'
        | 'branches'
        | 'points'
        | 'products'
        | 'boxes';
    };

/** The last thing that a job tells. */
export interface ResultEvent {
  readonly type: 'result';
  readonly result: unknown;
  readonly tensors?: Uint8Array;
  readonly exitCode: number;
}
