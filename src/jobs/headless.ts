import { type Gpu, uncaught } from '../gpu/device.ts';
import { type JobEvent, type JobHost, type JobSpec, runJob } from './job.ts';

/** A job, or the question which adapter it would compute on. */
export type HeadlessSpec = JobSpec | { readonly job: 'info' };

/**
 * A job's events, as the command line wants them under Node and in a headless browser: no result after an error of
 * the device that nothing caught, since a command that failed had a part in it.
 */
export async function* headlessEvents(
  gpu: Gpu,
  spec: HeadlessSpec,
  host: JobHost,
): AsyncGenerator<JobEvent, void, void> {
  if (spec.job === 'info') {
    yield { type: 'adapter', adapter: gpu.info };
    yield { type: 'result', result: gpu.info, exitCode: 0 };
    return;
  }
  for await (const event of runJob(gpu, spec, host)) {
    if (event.type === 'result' && gpu.errors[0]) throw new Error(uncaught(gpu.errors[0]));
    yield event;
  }
}
