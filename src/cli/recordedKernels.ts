import { readFileSync } from 'node:fs';
import { InputError } from '../nn/inputError.ts';

/**
 * The kernel choices that a result.json records; whoever takes them checks their form.
 * @throws InputError if the file cannot be read or records none.
 */
export function recordedKernels(path: string | undefined): unknown {
  if (path === undefined) return undefined;
  let result: { kernels?: unknown } | null;
  try {
    result = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new InputError(path, '--kernels', `cannot be read: ${(error as Error).message}`);
  }
  if (typeof result !== 'object' || result?.kernels === undefined) {
    throw new InputError(path, '--kernels', 'records no kernel choices, expected the result of a run');
  }
  return result.kernels;
}
