import type { Gpu } from './device.ts';

/** The device went away under a wait: nothing that was to come from it will. */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError';
}

/** Milliseconds that a failed wait gives the loss of the device to be reported. */
const GRACE = 1000;

/**
 * Waits for work of the device, or fails when the device is lost: a lost device settles no promise of its own on
 * some implementations, and a job must never hang. Others reject the wait first and report the loss a moment later.
 * @throws DeviceLostError with the reason the browser gives.
 */
export async function orLost<T>(gpu: Gpu, work: Promise<T>): Promise<T> {
  const lost = gpu.lost.then((info) => {
    throw new DeviceLostError(
      `the GPU device was lost (${info.reason}): ${info.message || 'no message given'}`,
    );
  });
  try {
    return await Promise.race([work, lost]);
  } catch (error) {
    if (error instanceof DeviceLostError) throw error;
    await Promise.race([lost, new Promise((resolve) => setTimeout(resolve, GRACE))]);
    throw error;
  }
}
