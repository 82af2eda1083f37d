import { openDevice, uncaught } from '../gpu/device.ts';
import { type JobEvent, type JobHost, type JobSpec, runJob } from '../jobs/job.ts';
import type { NodeGpu } from './nodeGpu.ts';

/**
 * Runs a job in this process, on Dawn.
 *
 * @throws what the job throws; an error when the device reported one that nothing caught.
 */
export async function runInNode(
  { gpu: entryPoint }: NodeGpu,
  spec: JobSpec,
  host: JobHost,
  onEvent: (event: JobEvent) => void,
): Promise<void> {
  const gpu = await openDevice({ gpu: entryPoint });
  try {
    for await (const event of runJob(gpu, spec, host)) {
      // A result that a failed command had a part in is no result.
      if (event.type === 'result' && gpu.errors[0]) throw new Error(uncaught(gpu.errors[0]));
      onEvent(event);
    }
  } finally {
    gpu.dispose();
  }
}
