import type { AdapterInfo } from '../gpu/device.ts';
import type { EigenvalueProgress } from '../measure/eigenvalues.ts';
import type { KernelsEvent } from './bench/kernelsReport.ts';
import type { Reading } from './reading.ts';

/** How a job reads the files that its description names; the host knows where they lie. */
export interface JobHost {
  /**
   * The bytes of a file. Built-in data sets are `builtin:<set>/<file>`, uncompressed.
   * @throws if there is no such file, with the path that was tried.
   */
  read(path: string): Promise<Uint8Array>;
}

export type JobEvent =
  | { readonly type: 'adapter'; readonly adapter: AdapterInfo }
  | { readonly type: 'phase'; readonly phase: string }
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
      readonly weights: 'last' | 'swa' | 'ema';
      readonly loss: number;
      readonly accuracy: number | null;
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
