import type { NoAdapterError } from '../gpu/device.ts';
import { noAdapter } from '../gpu/noAdapter.ts';
import { chosenDriver } from './findVulkanDriver.ts';

/** That Dawn, which is there, has no adapter: under which driver, and what helps against that. */
export async function noNodeAdapter(): Promise<NoAdapterError> {
  const chosen = chosenDriver();
  if (!chosen) return noAdapter('dawn', 'WebGPU found no adapter under any Vulkan driver');
  const found = `WebGPU found no adapter under ${chosen.variable}=${chosen.files}`;
  const alone = `${chosen.variable} is set, and the driver that it names alone counts then`;
  const cure =
    "Unset it, and the system's drivers and the SwiftShader beside an installed browser are tried.";
  return noAdapter('dawn', found, [`${alone}. ${cure}`]);
}
