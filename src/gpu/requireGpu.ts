import { InputError } from '../host/inputError.ts';
import { requireAwaited } from '../host/requireAwaited.ts';
import { showValue } from '../host/showValue.ts';
import type { Gpu } from './device.ts';

/**
 * Refuses what is no open device; most often one that was not waited for, or that was left out.
 * @param by what it was given to, for the message
 * @throws InputError
 */
export function requireGpu(by: string, gpu: Gpu): void {
  const given: unknown = gpu;
  requireAwaited(by, 'gpu', given, 'openDevice()');
  if ((given as Partial<Gpu> | null | undefined)?.device) return;
  const expected = 'expected the device that openDevice() gives as the first argument';
  throw new InputError(by, 'gpu', `is ${showValue(given)}, ${expected}`);
}
