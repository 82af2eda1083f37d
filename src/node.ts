/**
 * Basin under Node: the library, with a device that is found and files that are read as the command line does. A page
 * imports `basin`; both are one library, so that what one makes the other takes.
 * @module basin/node
 */

import './gpu/disposeSymbol.ts';
import { nodeGpu } from './cli/nodeGpu.ts';
import { noNodeAdapter } from './cli/noNodeAdapter.ts';
import { type Gpu, type OpenDeviceOptions, openDevice as openOn } from './gpu/device.ts';

export { fileHost } from './cli/fileHost.ts';
export { MissingPackageError } from './cli/findPackage.ts';
export * from './index.ts';

/**
 * Opens a device through the npm package `webgpu`, on the first Vulkan driver that has an adapter: the one that
 * VK_DRIVER_FILES names alone, else the system's, else the SwiftShader that lies beside an installed browser.
 * @throws MissingPackageError without the package; NoAdapterError, which says what to install
 */
export async function openDevice(options: OpenDeviceOptions = {}): Promise<Gpu> {
  if (options.gpu) return openOn(options);
  const found = await nodeGpu();
  if (!found) throw await noNodeAdapter();
  return openOn({ ...options, gpu: found.gpu, engine: found.engine });
}
