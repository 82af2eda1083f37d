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
        /** The same of the weights and biases of LayerNorms alone. */
        readonly type: 'layer_norm_noise_scale';
        /** 1 by default. */
        readonly small_batch?: number | undefined;
      }
    | {
        /** An outermost eigenvalue of the Hessian over the first examples. */
        readonly type: 'eigenvalue';
        /** 64 by default. */
        readonly examples?: number | undefined;
        readonly which?: 'largest' | 'smallest' | 'both' | undefined;
        /** Of Lanczos's process at each look, up to 16: so many Hessian products; 9 at the first look and 5 at those after it by default. */
        readonly steps?: number | undefined;
      }
    | {
        /** gᵀHg/|g|² of each such step's batch. */
        readonly type: 'batch_sharpness';
      }
    | {
        /** B_noise and ε_max of the first examples, by Hessian products. */
        readonly type: 'hessian_noise';
        /** 64 by default. */
        readonly examples?: number | undefined;
        /** Random vectors behind tr(HΣ), from 2 to 16; 2 by default. */
        readonly probes?: number | undefined;
      }
    | {
        /** The density of the Hessian's eigenvalues over the first examples, and its trace. */
        readonly type: 'density';
        /** 64 by default. */
        readonly examples?: number | undefined;
        /** Random vectors, from 2 to 16, and steps of Lanczos's process from each, up to 32; 2 and 4 by default. */
        readonly starts?: number | undefined;
        readonly steps?: number | undefined;
      }
    | {
        /** |θ − θ₀|, and the length of the last step. */
        readonly type: 'distance';
      }
    | {
        /** Loss and share of right answers over a part of the data: a forward pass over what is looked at of it. */
        readonly type: 'accuracy';
        readonly split: 'train' | 'test';
        /** The first so many of that part; all of it by default. */
        readonly examples?: number | undefined;
      }
    | {
        /** Keskar's sharpness over the first examples, in full space, by sign ascent. */
        readonly type: 'keskar';
        /** 10⁻³ by default. */
        readonly epsilon?: number | undefined;
        /** 64 by default. */
        readonly examples?: number | undefined;
        /** Of sign ascent, up to 16: so many gradients and a loss at each look; 2 by default. */
        readonly iterations?: number | undefined;
      }
  );
