import { expect, test } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { type JobSpec, runJob } from '../../src/jobs/job.ts';

test.each(['sharpnes', 'toString', undefined])('a job of the name %s is refused by it', async (job) => {
  const spec = { job } as unknown as JobSpec;
  const host = { read: () => Promise.reject(new Error('nothing is read')) };
  const events = runJob({ info: {} } as unknown as Gpu, spec, host as never);
  await expect(events.next()).rejects.toThrow(/^job: job: is .*, expected one of train, measure, sharpness/);
});
