import { expect, test, vi } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { DeviceLostError, orLost, pendingWaits } from '../../src/gpu/orLost.ts';

/** A device that goes away when told to, and counts the reactions to that. */
function device(): { gpu: Gpu; lose(): void; reactions(): number } {
  let lose = (_: GPUDeviceLostInfo): void => {};
  const lost = new Promise<GPUDeviceLostInfo>((resolve) => {
    lose = resolve;
  });
  const reactions = vi.spyOn(lost, 'then');
  return {
    gpu: { lost } as Gpu,
    lose: () => lose({ reason: 'destroyed', message: 'gone' } as GPUDeviceLostInfo),
    reactions: () => reactions.mock.calls.length,
  };
}

test('thousands of waits leave nothing behind at the device', async () => {
  const { gpu, reactions } = device();
  for (let i = 0; i < 5000; i++) expect(await orLost({ ...gpu }, Promise.resolve(i))).toBe(i);
  expect(reactions()).toBe(1);
  expect(pendingWaits(gpu)).toBe(0);
});

test('a loss fails all that waits, and what waits later', async () => {
  const { gpu, lose } = device();
  const never = new Promise<void>(() => {});
  const waits = [orLost(gpu, never), orLost(gpu, never)];
  lose();
  for (const wait of waits) await expect(wait).rejects.toThrow(DeviceLostError);
  await expect(orLost(gpu, never)).rejects.toThrow('the GPU device was lost (destroyed): gone');
  expect(await orLost(gpu, Promise.resolve('done before'))).toBe('done before');
  expect(pendingWaits(gpu)).toBe(0);
});

test('work that fails just before the loss is reported fails by the loss, else by itself', async () => {
  const { gpu, lose } = device();
  const failed = orLost(gpu, Promise.reject(new Error('aborted')));
  setTimeout(lose, 20);
  await expect(failed).rejects.toThrow(DeviceLostError);
  const other = device();
  await expect(orLost(other.gpu, Promise.reject(new Error('aborted')))).rejects.toThrow('aborted');
  expect(pendingWaits(other.gpu)).toBe(0);
});
