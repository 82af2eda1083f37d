/** Where the program runs. */
export type Runtime = 'page' | 'worker' | 'node' | 'deno';

/** The runtime of the calling code. */
export function currentRuntime(): Runtime {
  const global = globalThis as { Deno?: unknown; WorkerGlobalScope?: unknown; process?: NodeJS.Process };
  if (global.Deno !== undefined) return 'deno';
  if (typeof document !== 'undefined') return 'page';
  if (global.WorkerGlobalScope !== undefined) return 'worker';
  if (global.process?.versions?.node !== undefined) return 'node';
  return 'worker';
}

/** WebGPU is missing, or has no adapter. The message says what to install or which flag to set. */
export class NoAdapterError extends Error {
  override readonly name = 'NoAdapterError';
}

/**
 * The error of a runtime without an adapter. What helps there is loaded when it is wanted.
 * @param found what is missing, as the beginning of the message
 * @param cures what helps, where it is not what helps in such a runtime as a rule
 */
export async function noAdapter(
  runtime: Runtime | 'dawn',
  found: string,
  cures?: readonly string[],
): Promise<NoAdapterError> {
  const { adapterCures } = await import('./adapterCures.ts');
  return new NoAdapterError([`${found}.`, ...(cures ?? adapterCures(runtime))].join('\n'));
}
