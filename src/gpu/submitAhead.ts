import type { Gpu } from './device.ts';
import { orLost } from './orLost.ts';
import type { Program } from './program.ts';

/** Submits that a device may have before it at once: enough that it never waits, few enough to steer. */
const IN_FLIGHT = 3;

const pending = new WeakMap<GPUDevice, Promise<unknown>[]>();

/**
 * Submits programs, one after the other in one pass, without waiting for them: only for the third submit before this one,
 * so that algorithms of many small programs neither wait for the device nor run far ahead of it.
 * @throws DeviceLostError
 */
export async function submitAhead(gpu: Gpu, programs: readonly Program[]): Promise<void> {
  const { device } = gpu;
  const label = programs.map((program) => program.label).join(', ');
  const encoder = device.createCommandEncoder({ label });
  const pass = encoder.beginComputePass({ label });
  for (const program of programs) program.encode(pass);
  pass.end();
  device.queue.submit([encoder.finish()]);
  const before = pending.get(device) ?? [];
  pending.set(device, before);
  const done = device.queue.onSubmittedWorkDone();
  // A failure is told to whoever waits for it.
  done.catch(() => {});
  before.push(done);
  if (before.length > IN_FLIGHT) await orLost(gpu, before.shift()!);
}
