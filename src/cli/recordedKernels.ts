import { InputError } from '../host/inputError.ts';
import { parseJson } from '../host/parseJson.ts';
import { readInput } from './readInput.ts';

/**
 * The kernel choices that a result.json records; whoever takes them checks their form.
 * @throws InputError if the file cannot be read or records none.
 */
export function recordedKernels(path: string | undefined): unknown {
  if (path === undefined) return undefined;
  const result = parseJson(path, '--kernels', readInput(path)) as { kernels?: unknown } | null;
  if (typeof result !== 'object' || result?.kernels === undefined) {
    throw new InputError(path, '--kernels', 'records no kernel choices, expected the result of a run');
  }
  return result.kernels;
}
