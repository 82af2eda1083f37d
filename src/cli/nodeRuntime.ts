import { openDevice } from '../gpu/device.ts';
import { type HeadlessSpec, headlessEvents } from '../jobs/headless.ts';
import type { JobEvent, JobHost } from '../jobs/job.ts';
import type { TunedTable } from '../tuning/tunedTable.ts';

/**
 * Runs a job in this process.
 * @param entryPoint Dawn's under Node; under Deno there is one already
 * @throws what the job throws.
 */
export async function runHere(
  entryPoint: { readonly gpu: GPU; readonly engine: string } | undefined,
  spec: HeadlessSpec,
  host: JobHost,
  onEvent: (event: JobEvent) => Promise<void> | void,
  cache?: TunedTable,
): Promise<void> {
  const open = () => openDevice(entryPoint);
  for await (const event of headlessEvents(open, spec, host, cache)) await onEvent(event);
}
