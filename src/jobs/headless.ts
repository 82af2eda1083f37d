import { type Gpu, uncaught } from '../gpu/device.ts';
import { withTunedKernels } from '../tuning/chosenKernels.ts';
import type { TunedTable } from '../tuning/tunedTable.ts';
import { type JobEvent, type JobHost, type JobSpec, runJob, takesTunedKernels } from './job.ts';

/** A job, or the question which adapter it would compute on. */
export type HeadlessSpec = JobSpec | { readonly job: 'info' };

/**
 * A job's events, as the command line wants them under Node and in a headless browser: no result after an error of
 * the device that nothing caught, since a command that failed had a part in it.
 * @param cache choices measured on this machine, for the runs that take them
 */
export async function* headlessEvents(
  gpu: Gpu,
  spec: HeadlessSpec,
  host: JobHost,
  cache?: TunedTable,
): AsyncGenerator<JobEvent, void, void> {
  if (spec.job === 'info') {
    yield { type: 'adapter', adapter: gpu.info };
    yield { type: 'result', result: gpu.info, exitCode: 0 };
    return;
  }
  const tuned = takesTunedKernels(spec) ? withTunedKernels(gpu, cache) : gpu;
  for await (const event of runJob(tuned, spec, host)) {
    if (event.type === 'result' && gpu.errors[0]) throw new Error(uncaught(gpu.errors[0]));
    yield event;
  }
}
