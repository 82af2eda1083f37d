import { expect, test } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { blowsOf, hostOf, POINT_JOBS, runUnderBlows, TRAIN } from './jobsUnderBlows.ts';

/** Jobs whose devices are destroyed on the way give the bytes of those that were left in peace. */
export function testLostDevice(open: () => Promise<Gpu>, losses: number): void {
  test(`a run that loses its device ${losses} times ends as one that never did`, {
    timeout: 60_000 + 20_000 * losses,
  }, async () => {
    const whole = await runUnderBlows(open, TRAIN, hostOf(), []);
    const began = performance.now();
    const broken = await runUnderBlows(open, TRAIN, hostOf(), blowsOf(losses));
    console.info(`${losses} losses: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    expect(broken.fell).toBe(losses);
    expect(broken.devices).toBe(losses + 1);
    expect(broken.result).toBe(whole.result);
    expect(broken.tensors).toEqual(whole.tensors);
    // No reading is missing, none is told twice.
    expect(broken.steps).toEqual(whole.steps);
  });

  for (const [spec, blows] of POINT_JOBS) {
    test(`a job that loses its device goes on behind the parts that it had done: ${spec.job}`, {
      timeout: 120_000,
    }, async () => {
      const whole = await runUnderBlows(open, spec, hostOf(), []);
      const broken = await runUnderBlows(open, spec, hostOf(), blows);
      expect(broken.fell).toBe(blows.length);
      expect(broken.devices).toBe(blows.length + 1);
      expect(broken.result).toBe(whole.result);
      expect(broken.tensors).toEqual(whole.tensors);
    });
  }
}
