import type { Gpu } from './device.ts';
import type { KernelDemand } from './kernelChoice.ts';
import { LimitError } from './limitError.ts';

/** What was made on a device that makes nothing. */
export interface Planned {
  readonly gpu: Gpu;
  /** Bytes of the buffers that are made and not destroyed. */
  readonly bytes: number;
}

/** Buffers up to this size have memory of their own here, so that parameters can be packed into them. */
const PARAMETERS = 2 ** 24;

/**
 * A device with another one's limits, features and kernel choices that makes nothing: what is opened on it takes the same
 * buffers and grids as there, and costs neither device memory nor a pipeline. Commands do nothing; reading back gives
 * zeros.
 * @param records whether the kernels that are chosen are told to what keeps them, as where they are taken: they are not where
 *   a plan is only a trial
 * @throws LimitError, from createBuffer, for a buffer that passes the limit
 */
export function planningGpu({ device, info, kernels }: Gpu, { records = false } = {}): Planned {
  let bytes = 0;
  const limit = device.limits.maxBufferSize ?? Number.POSITIVE_INFINITY;
  const createBuffer = ({ label, size, usage }: GPUBufferDescriptor) => {
    if (size > limit) {
      throw new LimitError(`${label}: ${size} bytes pass this adapter's largest buffer of ${limit} bytes`);
    }
    bytes += size;
    let held = true;
    return {
      label,
      size,
      usage,
      getMappedRange: () => new ArrayBuffer(Math.min(size, PARAMETERS)),
      mapAsync: async () => {},
      unmap() {},
      destroy() {
        if (held) bytes -= size;
        held = false;
      },
    };
  };
  const pass = { setPipeline() {}, setBindGroup() {}, dispatchWorkgroups() {}, end() {} };
  const encoder = {
    beginComputePass: () => pass,
    copyBufferToBuffer() {},
    clearBuffer() {},
    finish: () => ({}),
  };
  const nothing = () => ({});
  const planning = {
    limits: device.limits,
    features: device.features,
    adapterInfo: device.adapterInfo,
    createBuffer,
    createBindGroupLayout: nothing,
    createBindGroup: nothing,
    pushErrorScope() {},
    popErrorScope: async () => null,
    createCommandEncoder: () => encoder,
    queue: { writeBuffer() {}, submit() {}, onSubmittedWorkDone: async () => {} },
  };
  const gpu = {
    device: planning as unknown as GPUDevice,
    isPlan: true,
    info,
    kernels: records ? kernels : kernels && { wanted: (demand: KernelDemand) => kernels.wanted(demand) },
    lost: new Promise<never>(() => {}),
    errors: [],
    dispose() {},
    [Symbol.dispose]() {},
  };
  return {
    gpu,
    get bytes() {
      return bytes;
    },
  };
}
