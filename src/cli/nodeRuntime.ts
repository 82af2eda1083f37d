import { openDevice } from '../gpu/device.ts';
import { type HeadlessSpec, headlessEvents } from '../jobs/headless.ts';
import type { JobEvent, JobHost } from '../jobs/job.ts';
import type { NodeGpu } from './nodeGpu.ts';

/**
 * Runs a job in this process, on Dawn.
 * @throws what the job throws.
 */
export async function runInNode(
  { gpu: entryPoint }: NodeGpu,
  spec: HeadlessSpec,
  host: JobHost,
  onEvent: (event: JobEvent) => void,
): Promise<void> {
  const gpu = await openDevice({ gpu: entryPoint });
  try {
    for await (const event of headlessEvents(gpu, spec, host)) onEvent(event);
  } finally {
    gpu.dispose();
  }
}
