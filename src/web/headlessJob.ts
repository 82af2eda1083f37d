import { openDevice } from '../gpu/device.ts';
import { type HeadlessSpec, headlessEvents } from '../jobs/headless.ts';
import type { JobEvent, JobHost } from '../jobs/job.ts';
import type { JobFailure } from '../jobs/jobFailure.ts';

import type { TunedTable } from '../tuning/tunedTable.ts';

declare global {
  interface Window {
    /** Runs one job for the process that opened this page; gives what went wrong, if anything. */
    basinRun(spec: HeadlessSpec, token: string, cache?: TunedTable): Promise<JobFailure | undefined>;
    /** Set by that process: takes an event, with its tensors left out. */
    basinEvent(event: JobEvent): Promise<void>;
  }
}

window.basinRun = async (spec, token, cache) => {
  try {
    const events = headlessEvents(openDevice, spec, hostOf(token), cache);
    for await (const event of events) await send(event, token);
    return undefined;
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    return { name, message, stack };
  }
};

/** Files are read by the process that opened the page. */
function hostOf(token: string): JobHost {
  const ask = async (what: string, path: string): Promise<Response> => {
    const response = await fetch(`/${what}?path=${encodeURIComponent(path)}`, {
      headers: { 'x-basin-token': token },
    });
    if (!response.ok) throw new Error(`${path}: the host answered ${response.status}`);
    return response;
  };
  return {
    async find(path) {
      return (await ask('host-find', path)).json();
    },
    async read(path) {
      const response = await ask('host-file', path);
      if (response.headers.has('x-basin-failure')) {
        const { name, message } = (await response.json()) as JobFailure;
        throw Object.assign(new Error(message), { name });
      }
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}

/** The tensors of an event go as bytes in a request of their own, the rest of it as an object. */
async function send(event: JobEvent, token: string): Promise<void> {
  if (!('tensors' in event && event.tensors)) return window.basinEvent(event);
  const { tensors, ...rest } = event;
  const response = await fetch('/host-tensors', {
    method: 'POST',
    headers: { 'x-basin-token': token },
    body: tensors as BufferSource,
  });
  if (!response.ok) throw new Error(`the host refused tensors of the job: ${response.status}`);
  await window.basinEvent(rest as JobEvent);
}
