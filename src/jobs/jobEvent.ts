import type { KernelsEvent } from '../bench/kernelsReport.ts';
import type { AdapterInfo } from '../gpu/device.ts';
import type { ByteSource } from '../host/byteSource.ts';
import type { EigenvalueProgress } from '../measure/curvature/eigenvalues.ts';
import type { Reading } from '../train/reading.ts';

/** How a job reads the files that its description names; the host knows where they lie. */
export type JobHost = ByteSource;

export type JobEvent =
  | { readonly type: 'adapter'; readonly adapter: AdapterInfo }
  | { readonly type: 'phase'; readonly phase: string }
  /** What was inferred from the files, for a user to check. */
  | { readonly type: 'note'; readonly text: string }
  | {
      readonly type: 'progress';
      readonly done: number;
      readonly total: number;
      readonly unit: 'steps' | 'examples' | 'shapes' | 'rows' | 'rounds' | 'draws' | 'branches';
    }
  | ({ readonly type: 'search' } & EigenvalueProgress)
  | { readonly type: 'readings'; readonly readings: readonly Reading[] }
  | {
      readonly type: 'evaluation';
      readonly step: number;
      readonly replica: number;
      readonly split: 'train' | 'test';
      /** Which weights; `recomputed`: the last, with BatchNorm's statistics recomputed as an average's are. */
      readonly weights: 'last' | 'swa' | 'ema' | 'recomputed';
      readonly loss: number;
      readonly accuracy: number | null;
    }
  /** A rate that was set from outside; `step`, counted from 1, is the first at it, `replica` null for all of them. */
  | {
      readonly type: 'learningRate';
      readonly step: number;
      readonly replica: number | null;
      readonly learningRate: number;
    }
  /** A part of an experiment, done: given back, it is not done again. `name` may name a file. */
  | { readonly type: 'cell'; readonly name: string; readonly cell: unknown }
  | KernelsEvent
  | { readonly type: 'diverged'; readonly replica: number; readonly step: number; readonly reason: string }
  | {
      readonly type: 'result';
      readonly result: unknown;
      readonly tensors?: Uint8Array;
      readonly exitCode: number;
    };
