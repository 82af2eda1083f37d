import { type Gpu, openDevice } from '../../src/gpu/device.ts';

let shared: Promise<Gpu> | undefined;

/** One device for all tests: each new pipeline costs a fifth of a second on a software adapter. No adapter fails. */
export function testGpu(): Promise<Gpu> {
  shared ??= openDevice().then((gpu) => {
    console.info(`adapter: ${gpu.info.vendor} ${gpu.info.architecture} ${gpu.info.description}`);
    return gpu;
  });
  return shared;
}
