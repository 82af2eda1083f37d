import { nodeGpu } from '../../src/cli/nodeGpu.ts';
import { type Gpu, openDevice } from '../../src/gpu/device.ts';

/** A device under Node. @throws if there is none: never a skip. */
export async function fuzzDevice(): Promise<Gpu> {
  const found = await nodeGpu();
  if (!found) throw new Error('fuzz: WebGPU under Node found no adapter');
  return openDevice({ gpu: found.gpu, engine: found.engine });
}
