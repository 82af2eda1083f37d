import type { AdapterInfo, Gpu } from '../gpu/device.ts';
import type { RunControl } from './control.ts';
import { type MeasureSpec, measureJob } from './measureJob.ts';
import type { Reading } from './reading.ts';
import { type TrainSpec, trainJob } from './trainJob.ts';

/** How a job reads the files that its description names; the host knows where they lie. */
export interface JobHost {
  /**
   * The bytes of a file. Built-in data sets are `builtin:<set>/<file>`, uncompressed.
   * @throws if there is no such file, with the path that was tried.
   */
  read(path: string): Promise<Uint8Array>;
}

export type { Reading };

export type JobEvent =
  | { readonly type: 'adapter'; readonly adapter: AdapterInfo }
  | { readonly type: 'phase'; readonly phase: string }
  | {
      readonly type: 'progress';
      readonly done: number;
      readonly total: number;
      readonly unit: 'steps' | 'examples';
    }
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
  | { readonly type: 'diverged'; readonly replica: number; readonly step: number; readonly reason: string }
  | {
      readonly type: 'result';
      readonly result: unknown;
      readonly tensors?: Uint8Array;
      readonly exitCode: number;
    };

export type JobSpec = ({ readonly job: 'train' } & TrainSpec) | ({ readonly job: 'measure' } & MeasureSpec);

/**
 * Runs a job and yields what happens, alike in a page's worker, under Node and in a headless browser. Taking no
 * more events pauses it; `control` pauses, stops and changes the learning rate from outside.
 * @throws InputError for input that is refused, DeviceLostError if the device goes away.
 */
export async function* runJob(
  gpu: Gpu,
  spec: JobSpec,
  host: JobHost,
  control?: RunControl,
): AsyncGenerator<JobEvent, void, void> {
  yield { type: 'adapter', adapter: gpu.info };
  if (spec.job === 'train') yield* trainJob(gpu, spec, host, control);
  else yield* measureJob(gpu, spec, host);
}
