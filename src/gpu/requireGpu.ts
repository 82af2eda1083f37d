import { InputError } from '../host/inputError.ts';
import type { Gpu } from './device.ts';

/**
 * Refuses what is no open device; most often one that was not waited for.
 * @param by what it was given to, for the message
 * @throws InputError
 */
export function requireGpu(by: string, gpu: Gpu): void {
  const given: unknown = gpu;
  if (given instanceof Promise) throw new InputError(by, 'gpu', 'a promise: write await openDevice()');
  if ((given as Partial<Gpu> | null | undefined)?.device) return;
  throw new InputError(by, 'gpu', 'expected the device that openDevice() gives');
}
