import type { Schedule } from './schedule.ts';

/** An instrument as a train.json has it: its type, when it measures, and what is of the type. */
export type GivenInstrument = Schedule &
  (
    | {
        /** The simple noise scale of each such step's batch. */
        readonly type: 'noise_scale';
        /** b: sub-batches of so many examples are the units; 1 by default. */
        readonly small_batch?: number | undefined;
        /** Also tests of the gradient and standard errors. */
        readonly tests?: boolean | undefined;
        /** By parameter as well. */
        readonly layers?: boolean | undefined;
      }
    | {
        /** An outermost eigenvalue of the Hessian over the first examples. */
        readonly type: 'eigenvalue';
        /** 256 by default. */
        readonly examples?: number | undefined;
        readonly which?: 'largest' | 'smallest' | undefined;
      }
    | {
        /** gᵀHg/|g|² of each such step's batch. */
        readonly type: 'batch_sharpness';
      }
    | {
        /** |θ − θ₀|, and the length of the last step. */
        readonly type: 'distance';
      }
    | {
        /** Loss and share of right answers over a whole part of the data: a forward pass over all of it. */
        readonly type: 'accuracy';
        readonly split: 'train' | 'test';
      }
  );
