import { inParts } from './inParts.ts';
import type { Program } from './program.ts';
import { partsOf } from './submitPace.ts';

/** Milliseconds that programs took the last time; of those that were submitted together an even share. */
const took = new WeakMap<Program, number>();
/** When the work before was done. */
const lastDone = new WeakMap<GPUDevice, number>();

/**
 * Submits programs one after the other, without waiting for them: in one pass, or in so many submits that none lasts long enough to be
 * taken for a hang.
 * @returns settles when they are done, or the device says that it is lost
 */
export function submitInParts(device: GPUDevice, programs: readonly Program[]): Promise<unknown> {
  const label = programs.map((program) => program.label).join(', ');
  const started = performance.now();
  const expected = programs.reduce((sum, program) => sum + (took.get(program) ?? Number.NaN), 0);
  for (const encode of inParts(programs, partsOf(expected))) {
    const encoder = device.createCommandEncoder({ label });
    const pass = encoder.beginComputePass({ label });
    encode(pass);
    pass.end();
    device.queue.submit([encoder.finish()]);
  }
  const done = device.queue.onSubmittedWorkDone();
  done.then(
    () => {
      const now = performance.now();
      const lasted = now - Math.max(started, lastDone.get(device) ?? 0);
      for (const program of programs) took.set(program, lasted / programs.length);
      lastDone.set(device, now);
    },
    // A failure is told to whoever waits for it.
    () => {},
  );
  return done;
}
