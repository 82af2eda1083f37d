import type { Gpu } from '../gpu/device.ts';
import type { TunedTable } from '../tuning/tunedTable.ts';
import { type JobEvent, type JobHost, type JobSpec, takesTunedKernels } from './job.ts';
import { deviceJob, lastingJob } from './lastingJob.ts';

/** A job, or the question which adapter it would compute on. */
export type HeadlessSpec = JobSpec | { readonly job: 'info' };

/**
 * A job's events, as the command line wants them under Node and in a headless browser. Where a device is lost, a job that computes goes on
 * with another one; self-test, tuner and benchmarks, which are of the device, end.
 * @param open opens a device
 * @param cache choices measured on this machine, for the runs that take them
 */
export async function* headlessEvents(
  open: () => Promise<Gpu>,
  spec: HeadlessSpec,
  host: JobHost,
  cache?: TunedTable,
): AsyncGenerator<JobEvent, void, void> {
  if (spec.job !== 'info' && takesTunedKernels(spec)) {
    yield* lastingJob(open, spec, host, cache);
    return;
  }
  const gpu = await open();
  try {
    if (spec.job !== 'info') yield* deviceJob(gpu, spec, host, cache);
    else {
      yield { type: 'adapter', adapter: gpu.info };
      yield { type: 'result', result: gpu.info, exitCode: 0 };
    }
  } finally {
    gpu.dispose();
  }
}
