import { engineName } from './engineName.ts';
import type { KernelChoices } from './kernelChoice.ts';
import { currentRuntime, NoAdapterError, noAdapter, type Runtime } from './noAdapter.ts';

export { NoAdapterError };

/** Which adapter the numbers come from. */
export interface AdapterInfo {
  vendor: string;
  architecture: string;
  device: string;
  description: string;
  /** Computes on the CPU (SwiftShader, llvmpipe, WARP, …): its timings are not a GPU's. */
  software: boolean;
  runtime: Runtime;
  /** The WebGPU implementation and its major version: `Chromium 150`. */
  engine: string;
  /** Features of the adapter, sorted. */
  features: string[];
  /** The adapter's own limits, in their units. */
  limits: Record<string, number>;
}

/** An open device. Everything in Basin takes one. */
export interface Gpu {
  readonly device: GPUDevice;
  readonly info: AdapterInfo;
  /** Its device makes nothing: no text of a kernel is waited for, and nothing compiled. */
  readonly isPlan?: boolean;
  /** Which kernels programs take where a planner has several; its defaults if left out. */
  readonly kernels?: KernelChoices;
  /**
   * Settles when the device is of no more use: it was lost or destroyed, or an error that no scope caught was
   * reported (all of Basin's own errors are caught, so that is a bug, and its results cannot be trusted).
   */
  readonly lost: Promise<GPUDeviceLostInfo>;
  /** Errors that no scope caught, oldest first. */
  readonly errors: readonly GPUError[];
  /** Destroys the device and all that was made on it. A second call does nothing. */
  dispose(): void;
  /** `dispose`, at the end of the block of `using gpu = await openDevice()`. */
  [Symbol.dispose](): void;
}

/** Where WebGPU comes from, and who is told of errors. */
export interface OpenDeviceOptions {
  /** The WebGPU entry point where there is no `navigator.gpu` (Node). */
  gpu?: GPU | undefined;
  /** Its implementation and version, where the runtime does not tell. */
  engine?: string | undefined;
  /** Called with each error that no scope caught. */
  onError?: ((error: GPUError) => void) | undefined;
}

/** Limits that kernels profit from, and how much of each they can use; a device gets what its adapter has of it. */
const WANTED_LIMITS: Record<string, number> = {
  maxBufferSize: Number.POSITIVE_INFINITY,
  maxStorageBufferBindingSize: Number.POSITIVE_INFINITY,
  maxStorageBuffersPerShaderStage: 16,
  maxComputeWorkgroupStorageSize: 65_536,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  maxComputeWorkgroupSizeY: 1024,
  maxComputeWorkgroupsPerDimension: 65_535,
};

const WANTED_FEATURES = ['subgroups', 'shader-f16', 'timestamp-query'] as const;

/**
 * Opens a device on the fastest adapter, with the adapter's own limits for what Basin uses and the features `subgroups`,
 * `shader-f16` and `timestamp-query` where it has them. The same call serves pages, workers and Deno
 * (`navigator.gpu`) and Node (`options.gpu`, from the npm package `webgpu`).
 *
 * @throws NoAdapterError, which says what to install or which flag to set.
 */
export async function openDevice(options: OpenDeviceOptions = {}): Promise<Gpu> {
  const runtime = currentRuntime();
  const gpu = options.gpu ?? (globalThis.navigator as Navigator | undefined)?.gpu;
  if (!gpu) throw await noAdapter(runtime, 'there is no WebGPU here');
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw await noAdapter(runtime, 'WebGPU found no adapter');

  const info = describe(adapter, runtime, options.engine ?? engineName());
  const requiredLimits: Record<string, number> = {};
  for (const [limit, want] of Object.entries(WANTED_LIMITS)) {
    const has = info.limits[limit];
    if (has !== undefined) requiredLimits[limit] = Math.min(want, has);
  }
  const requiredFeatures = WANTED_FEATURES.filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({ label: 'basin', requiredFeatures, requiredLimits });

  entryPoints.set(device, gpu);

  const errors: GPUError[] = [];
  const failed = new Promise<GPUDeviceLostInfo>((resolve) => {
    const take = (event: GPUUncapturedErrorEvent): void => {
      const { error } = event;
      // Dawn under Node would print it, on standard output at that; it is reported by whoever waits on `lost`.
      if (runtime === 'node') event.preventDefault();
      errors.push(error);
      options.onError?.(error);
      resolve({ reason: 'unknown', message: uncaught(error) } as GPUDeviceLostInfo);
    };
    device.addEventListener('uncapturederror', take);
    // Dawn under Node never frees a device that has a listener.
    device.lost.then(() => device.removeEventListener('uncapturederror', take));
  });

  const dispose = (): void => device.destroy();
  const lost = Promise.race([device.lost, failed]);
  return { device, info, lost, errors, dispose, [Symbol.dispose]: dispose };
}

/** Bytes of the largest buffer that a kernel can bind. */
export function largestBinding({ device }: Gpu): number {
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  return Math.min(maxStorageBufferBindingSize, maxBufferSize ?? Number.POSITIVE_INFINITY);
}

/** What to say of an error that no scope caught. */
export function uncaught(error: GPUError): string {
  return `${error.constructor.name} that nothing caught: ${error.message.trim()}`;
}

/** Dawn under Node crashes when its entry point is collected before its devices: they keep it alive. */
const entryPoints = new WeakMap<GPUDevice, GPU>();

/** Names by which drivers that compute on the CPU call themselves. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|\bwarp\b|basic render|\bsoftware\b|\bcpu\b/i;

function describe(adapter: GPUAdapter, runtime: Runtime, engine: string): AdapterInfo {
  // Older implementations have the flag on the adapter; developer builds of Chromium name the adapter's type.
  const older = adapter as { isFallbackAdapter?: boolean };
  const { vendor, architecture, device, description, isFallbackAdapter, type } =
    adapter.info as GPUAdapterInfo & {
      type?: string;
    };
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value = (adapter.limits as unknown as Record<string, unknown>)[name];
    if (typeof value === 'number') limits[name] = value;
  }
  return {
    vendor,
    architecture,
    device,
    description,
    software:
      isFallbackAdapter === true ||
      older.isFallbackAdapter === true ||
      type === 'CPU' ||
      SOFTWARE.test(`${vendor} ${architecture} ${device} ${description}`),
    runtime,
    engine,
    features: [...adapter.features].sort(),
    limits,
  };
}
