import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { findBrowser } from './findBrowser.ts';
import { findPackage, MissingPackageError } from './findPackage.ts';

import { useVulkanDriver, type VulkanDriver, vulkanDrivers } from './findVulkanDriver.ts';
import { restBetweenPolls } from './restBetweenPolls.ts';

/** WebGPU's entry point under Node, and how it reaches a GPU. */
export interface NodeGpu {
  gpu: GPU;
  /** Dawn and the package's version. */
  engine: string;
  /** 'native': Metal or Direct3D, where Dawn needs no Vulkan. */
  driver: VulkanDriver['kind'] | 'native';
}

interface DawnPackage {
  create(options: string[]): GPU;
  globals: Record<string, unknown>;
}

/** Timestamps as the GPU gives them: rounding them to 100 µs protects pages from each other, and there are none here. */
const DAWN_OPTIONS = ['disable-dawn-features=timestamp_quantization'];

/**
 * Loads the npm package `webgpu` (Dawn) and finds a driver under which it has an adapter. Its classes and constants
 * (`GPUBufferUsage`, …) become globals, as in a page.
 *
 * @param install a browser may be installed for the SwiftShader driver beside it.
 * @returns undefined when there is no adapter.
 * @throws MissingPackageError when the package is not installed.
 */
export async function nodeGpu({ install = false } = {}): Promise<NodeGpu | undefined> {
  const path = findPackage('webgpu');
  if (path === undefined) throw new MissingPackageError('webgpu', 'WebGPU under Node needs it');
  const { create, globals } = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as DawnPackage;
  Object.assign(globalThis, globals);
  restBetweenPolls();

  const { version } = createRequire(path)('webgpu/package.json') as { version: string };
  const engine = `Dawn ${version} under Node`;
  const entryPoint = async () => {
    const gpu = create(DAWN_OPTIONS);
    return (await gpu.requestAdapter({ powerPreference: 'high-performance' })) ? gpu : undefined;
  };
  if (process.platform !== 'linux') {
    const gpu = await entryPoint();
    return gpu && { gpu, engine, driver: 'native' };
  }
  for (const driver of vulkanDrivers(() => browserPath(install))) {
    const gpu = useVulkanDriver(driver) ? await entryPoint() : undefined;
    if (gpu) return { gpu, engine, driver: driver.kind };
  }
  return undefined;
}

function browserPath(install: boolean): string | undefined {
  try {
    return findBrowser({ install }).path;
  } catch {
    return undefined;
  }
}
