import { type Gpu, uncaught } from '../gpu/device.ts';
import type { FinishedParts } from '../host/finishedParts.ts';
import { withTunedKernels } from '../tuning/chosenKernels.ts';
import type { TunedTable } from '../tuning/tunedTable.ts';
import { type JobEvent, type JobHost, type JobSpec, runJob, takesTunedKernels } from './job.ts';
import { onDevices } from './onDevices.ts';

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
  if (takesTunedKernels(spec)) {
    yield* onDevices(open, (gpu, { finished, known }) => {
      const of = known > 0 && spec.job === 'train' ? { ...spec, known } : spec;
      return deviceEvents(gpu, of, host, cache, finished);
    });
    return;
  }
  const gpu = await open();
  try {
    yield* deviceEvents(gpu, spec, host, cache);
  } finally {
    gpu.dispose();
  }
}

/** On one device: no result after an error of it that nothing caught, since a command that failed had a part in it. */
async function* deviceEvents(
  gpu: Gpu,
  spec: HeadlessSpec,
  host: JobHost,
  cache?: TunedTable,
  finished?: FinishedParts,
): AsyncGenerator<JobEvent, void, void> {
  if (spec.job === 'info') {
    yield { type: 'adapter', adapter: gpu.info };
    yield { type: 'result', result: gpu.info, exitCode: 0 };
    return;
  }
  const tuned = takesTunedKernels(spec) ? withTunedKernels(gpu, cache) : gpu;
  for await (const event of runJob(tuned, spec, host, undefined, finished)) {
    if (event.type === 'result' && gpu.errors[0]) throw new Error(uncaught(gpu.errors[0]));
    yield event;
  }
}
