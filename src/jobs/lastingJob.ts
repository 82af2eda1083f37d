import { type Gpu, uncaught } from '../gpu/device.ts';
import type { FinishedParts } from '../host/finishedParts.ts';
import type { RunControl } from '../host/runControl.ts';
import { withTunedKernels } from '../tuning/chosenKernels.ts';
import type { TunedTable } from '../tuning/tunedTable.ts';
import { type JobEvent, type JobHost, type JobSpec, runJob, takesTunedKernels } from './job.ts';
import { onDevices } from './onDevices.ts';

/**
 * Runs a job that computes: where its device is lost it goes on with another one.
 * @param open opens a device
 * @param cache choices measured on this machine
 */
export function lastingJob(
  open: () => Promise<Gpu>,
  spec: JobSpec,
  host: JobHost,
  cache?: TunedTable,
  control?: RunControl,
): AsyncGenerator<JobEvent, void, void> {
  return onDevices(open, (gpu, { finished, known }) => {
    const of = known > 0 && spec.job === 'train' ? { ...spec, known } : spec;
    return deviceJob(gpu, of, host, cache, control, finished);
  });
}

/** Runs a job on one device: no result after an error of it that nothing caught, since a command that failed had a part in it. */
export async function* deviceJob(
  gpu: Gpu,
  spec: JobSpec,
  host: JobHost,
  cache?: TunedTable,
  control?: RunControl,
  finished?: FinishedParts,
): AsyncGenerator<JobEvent, void, void> {
  const tuned = takesTunedKernels(spec) ? withTunedKernels(gpu, cache) : gpu;
  for await (const event of runJob(tuned, spec, host, control, finished)) {
    if (event.type === 'result' && gpu.errors[0]) throw new Error(uncaught(gpu.errors[0]));
    yield event;
  }
}
