import { expect, test } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { type JobSpec, runJob } from '../../src/jobs/job.ts';

test.each(['sharpnes', 'toString', undefined])('a job of the name %s is refused by it', async (job) => {
  const spec = { job } as unknown as JobSpec;
  const host = { read: () => Promise.reject(new Error('nothing is read')) };
  const events = runJob({ info: {} } as unknown as Gpu, spec, host as never);
  await expect(events.next()).rejects.toThrow(/^job: job: is .*, expected one of train, measure, sharpness/);
});

test('a job for which there is not enough memory ends with what to change', async () => {
  const host = {
    read: () => Promise.reject(new RangeError('Array buffer allocation failed')),
    find: async (path: string) => ({ path, is: 'file' as const }),
  };
  const spec = { job: 'measure', model: 'm.json', weights: 'w', data: 'd.npz' } as JobSpec;
  const run = async (): Promise<void> => {
    for await (const _ of runJob({ info: {} } as Gpu, spec, host));
  };
  await expect(run()).rejects.toThrow(
    /^measure: the memory of this process is used up \(Array buffer allocation failed\); nothing was read yet.*: take a smaller model/,
  );
});
