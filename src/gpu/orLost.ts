import type { Gpu } from './device.ts';

/** The device went away under a wait: nothing that was to come from it will. */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError';
}

/**
 * Waits for work of the device, or fails when the device is lost: a lost device settles no promise of its own on
 * some implementations, and a job must never hang.
 * @throws DeviceLostError with the reason the browser gives.
 */
export async function orLost<T>(gpu: Gpu, work: Promise<T>): Promise<T> {
  const lost = gpu.lost.then((info) => {
    throw new DeviceLostError(
      `the GPU device was lost (${info.reason}): ${info.message || 'no message given'}`,
    );
  });
  return Promise.race([work, lost]);
}
