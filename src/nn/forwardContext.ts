import type { State } from '../gpu/state.ts';

/** What a model's outputs depend on besides its parameters and its input. */
export interface ForwardContext {
  /** `train`: BatchNorm normalises by the batch, Dropout drops; `eval`: by its running statistics, Dropout is identity. */
  readonly mode: 'train' | 'eval';
  /**
   * The model's running statistics, flat by `bufferLayout`. Needed by BatchNorm in eval mode; in train mode the program
   * brings them up to date, and left out, nothing changes them.
   */
  readonly buffers?: State | null;
  /**
   * Train mode: BatchNorm normalises each so many consecutive examples by statistics of their own, and no running ones are
   * kept. Left out, the batch is one.
   */
  readonly ghostBatch?: number;
  /** Train mode: running statistics are the plain average over all batches so far, whatever the layers' momentum. */
  readonly cumulative?: boolean;
  /** What Dropout draws by, in train mode; left out, nothing is dropped. */
  readonly random?: { readonly seeds: State; readonly counters: State };
}
