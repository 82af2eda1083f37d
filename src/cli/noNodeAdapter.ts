import { NoAdapterError } from '../gpu/device.ts';
import { chosenDriver } from './findVulkanDriver.ts';

/** That Dawn, which is there, has no adapter: under which driver, and what helps against that. */
export function noNodeAdapter(): NoAdapterError {
  const chosen = chosenDriver();
  if (!chosen) return new NoAdapterError('dawn', 'WebGPU found no adapter under any Vulkan driver');
  const found = `WebGPU found no adapter under ${chosen.variable}=${chosen.files}`;
  const alone = `${chosen.variable} is set, and the driver that it names alone counts then`;
  const cure =
    "Unset it, and the system's drivers and the SwiftShader beside an installed browser are tried.";
  return new NoAdapterError('dawn', found, [`${alone}. ${cure}`]);
}
