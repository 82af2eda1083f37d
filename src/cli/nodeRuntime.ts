import { openDevice } from '../gpu/device.ts';
import { type HeadlessSpec, headlessEvents } from '../jobs/headless.ts';
import type { JobEvent, JobHost } from '../jobs/job.ts';

/**
 * Runs a job in this process.
 * @param entryPoint Dawn's under Node; under Deno there is one already
 * @throws what the job throws.
 */
export async function runHere(
  entryPoint: GPU | undefined,
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
