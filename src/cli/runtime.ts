import { currentRuntime } from '../gpu/noAdapter.ts';
import type { HeadlessSpec } from '../jobs/headless.ts';
import { type JobEvent, takesTunedKernels } from '../jobs/job.ts';
import { runInBrowser } from './browserRuntime.ts';
import { fileHost } from './fileHost.ts';
import { MissingPackageError } from './findPackage.ts';
import { guardInputs, type Outputs } from './guardInputs.ts';
import { readKernelCache } from './kernelCache.ts';
import { nodeGpu } from './nodeGpu.ts';
import { runHere } from './nodeRuntime.ts';
import { noNodeAdapter } from './noNodeAdapter.ts';

/** Where a job runs without a window. 'deno': this program itself runs under Deno, whose WebGPU is wgpu. */
export type HeadlessRuntime = 'node' | 'browser' | 'deno';

export interface HeadlessOptions {
  /** 'auto': Node if the npm package `webgpu` finds an adapter, else the browser; under Deno, Deno. */
  runtime: HeadlessRuntime | 'auto';
  /** The folder against which the job's paths are taken. */
  baseDir: string;
  /** Where its results will go, by option: a job that reads one of these files is refused. */
  outputs?: Outputs;
  /** A browser may be installed where there is none. */
  install?: boolean;
  onEvent?: (event: JobEvent) => Promise<void> | void;
}

/** How a job ended. */
export interface HeadlessResult {
  result: unknown;
  /** A safetensors file. */
  tensors?: Uint8Array;
  /** What the command ends with. */
  exitCode: number;
  runtime: HeadlessRuntime;
}

/**
 * Runs one job under Node, under Deno or in a headless browser, alike for the caller.
 *
 * @throws what the job throws (its name survives the browser); NoAdapterError, MissingPackageError,
 *   BrowserNotFoundError; an error when the job ends without a result.
 */
export async function runHeadless(spec: HeadlessSpec, options: HeadlessOptions): Promise<HeadlessResult> {
  const host = guardInputs(fileHost(options.baseDir), options.baseDir, options.outputs ?? {});
  let last: HeadlessResult | undefined;
  const take = (runtime: HeadlessRuntime) => async (event: JobEvent) => {
    if (event.type === 'result') {
      const { result, tensors, exitCode } = event;
      last = { result, tensors, exitCode, runtime };
    }
    await options.onEvent?.(event);
  };

  const runtime = options.runtime === 'auto' && currentRuntime() === 'deno' ? 'deno' : options.runtime;
  const cache = takesTunedKernels(spec) ? readKernelCache() : undefined;
  const node = runtime === 'auto' || runtime === 'node' ? await openNode(options) : undefined;
  if (runtime === 'deno') await runHere(undefined, spec, host, take('deno'), cache);
  else if (node) await runHere(node, spec, host, take('node'), cache);
  else await runInBrowser(spec, host, take('browser'), { install: options.install, cache });
  if (!last) throw new Error('the job ended without a result');
  return last;
}

/** Node's entry point; undefined when `auto` shall turn to the browser. */
async function openNode({ runtime, install }: HeadlessOptions) {
  try {
    const found = await nodeGpu({ install });
    if (!found && runtime === 'node') throw await noNodeAdapter();
    return found;
  } catch (error) {
    // Not installed, or its binary does not load on this system.
    const unusable =
      error instanceof MissingPackageError || (error as NodeJS.ErrnoException).code === 'ERR_DLOPEN_FAILED';
    if (runtime === 'auto' && unusable) return undefined;
    throw error;
  }
}
