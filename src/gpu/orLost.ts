import type { Gpu } from './device.ts';

/** The device went away under a wait: nothing that was to come from it will. */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError';
}

/** Milliseconds that a failed wait gives the loss of the device to be reported. */
const GRACE = 1000;

/** What waits for a device, and why it was lost once it was. */
interface Waits {
  readonly pending: Set<(error: DeviceLostError) => void>;
  error: DeviceLostError | null;
}

const devices = new WeakMap<Promise<GPUDeviceLostInfo>, Waits>();

/** One reaction to a device's loss, which may never come: a reaction a wait would stay until it does. */
function waitsOf({ lost }: Gpu): Waits {
  const known = devices.get(lost);
  if (known) return known;
  const waits: Waits = { pending: new Set(), error: null };
  devices.set(lost, waits);
  lost.then(({ reason, message }) => {
    waits.error = new DeviceLostError(
      `the GPU device was lost (${reason}): ${message || 'no message given'}`,
    );
    for (const fail of waits.pending) fail(waits.error);
    waits.pending.clear();
  });
  return waits;
}

/**
 * Waits for work of the device, or fails when the device is lost: a lost device settles no promise of its own on
 * some implementations, and a job must never hang. Others reject the wait first and report the loss a moment later.
 * A wait leaves nothing behind when it settles.
 * @throws DeviceLostError with the reason the browser gives.
 */
export function orLost<T>(gpu: Gpu, work: Promise<T>): Promise<T> {
  const waits = waitsOf(gpu);
  return new Promise((resolve, reject) => {
    if (!waits.error) waits.pending.add(reject);
    work.then(
      (value) => {
        waits.pending.delete(reject);
        resolve(value);
      },
      (error) => {
        if (waits.error) return reject(waits.error);
        setTimeout(() => {
          waits.pending.delete(reject);
          reject(error);
        }, GRACE);
      },
    );
    // Work that is done already wins over a loss: its reaction comes first.
    if (waits.error) queueMicrotask(() => reject(waits.error));
  });
}

/** Why the device was lost, as far as that was reported by now; null while it is there. */
export function lossOf(gpu: Gpu): DeviceLostError | null {
  return waitsOf(gpu).error;
}

/** Waits under way for a device: for tests of what they leave behind. */
export function pendingWaits(gpu: Gpu): number {
  return waitsOf(gpu).pending.size;
}
