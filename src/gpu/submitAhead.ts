import type { Gpu } from './device.ts';
import { orLost } from './orLost.ts';
import type { Program } from './program.ts';
import { submitInParts } from './submitInParts.ts';

/** Submits that a device may have before it at once: enough that it never waits, few enough to steer. */
const IN_FLIGHT = 3;

const pending = new WeakMap<GPUDevice, Promise<unknown>[]>();

/**
 * Submits programs, one after the other, without waiting for them: only for the third submit before this one,
 * so that algorithms of many small programs neither wait for the device nor run far ahead of it.
 * @throws DeviceLostError
 */
export async function submitAhead(gpu: Gpu, programs: readonly Program[]): Promise<void> {
  const { device } = gpu;
  if (programs.length === 0) return;
  const before = pending.get(device) ?? [];
  pending.set(device, before);
  before.push(submitInParts(device, programs));
  if (before.length > IN_FLIGHT) await orLost(gpu, before.shift()!);
}
