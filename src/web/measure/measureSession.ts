import type { JobSpec } from '../../jobs/job.ts';
import type { SharpnessResult } from '../../measure/sharpness/sharpnessResult.ts';
import { FilesSession } from '../files/filesSession.ts';
import { withKernels } from '../files/withKernels.ts';
import type { MeasureResult } from './measureResult.ts';

/** What a job found, with its tensors as a safetensors file. */
interface Found<Result> {
  readonly result: Result;
  readonly tensors: Uint8Array | undefined;
}

/** What came of a measurement; the sharpness follows, or is not asked for. */
export interface FoundPoint {
  readonly specs: readonly JobSpec[];
  readonly measure: Found<MeasureResult>;
  readonly sharpness?: Found<SharpnessResult>;
  /** How long it took, on this adapter. */
  readonly seconds: number;
}

/** The measuring page's session: the files it was given, the jobs under way, and what the last ones found. */
export class MeasureSession extends FilesSession {
  found: FoundPoint | undefined;

  /** Runs `measure`, and what follows it, to the end; errors end up in `error`. */
  async start(specs: readonly JobSpec[]): Promise<void> {
    if (this.state !== 'idle') return;
    this.progress = undefined;
    this.found = undefined;
    this.notes = [];
    const began = performance.now();
    let ended = 0;
    const jobs = specs.map((spec) => withKernels(spec, this.given));
    await this.runJobs(jobs, {
      started: 'Started',
      failed: 'It ended with an error',
      ended: () => {
        if (ended === specs.length) return 'Finished';
        return ended === 0 ? 'Stopped: nothing is kept' : 'Stopped: what was measured by then is below';
      },
      take: (event, job) => {
        this.follow(event);
        if (event.type === 'result') {
          ended++;
          const { result, tensors } = event;
          const seconds = (performance.now() - began) / 1000;
          this.found =
            job === 0
              ? { specs, seconds, measure: { result: result as MeasureResult, tensors } }
              : { ...this.found!, seconds, sharpness: { result: result as SharpnessResult, tensors } };
        }
      },
    });
  }
}
