import { existsSync, readdirSync } from 'node:fs';

/** Which adapter Chromium shall offer. */
export interface ChromiumFlagOptions {
  /** true pins SwiftShader, the CPU adapter; false asks for the machine's GPU. */
  software: boolean;
  platform?: NodeJS.Platform;
  /** Whether pages run in Chromium's sandbox; if left out, not on Linux, whose containers rarely allow its namespaces. */
  sandbox?: boolean;
}

/** Keeps a browser quiet where there is no network, and usable in a container. */
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];

/** However often a driver falls, a page may have another device: a job goes on with it, and ends by itself where that is of no use. */
const AGAIN = ['--disable-gpu-process-crash-limit', '--disable-domain-blocking-for-3d-apis'];

/**
 * Command-line flags under which headless Chromium has a WebGPU adapter.
 *
 * Software: SwiftShader, pinned, so that a test sees the same adapter everywhere. Hardware: nothing more is
 * needed on macOS and Windows; on Linux Chromium reaches the GPU through Vulkan only when told to, and without
 * one it still falls back to SwiftShader, so a caller must look at the adapter before calling a number a GPU's.
 */
export function chromiumFlags({
  software,
  platform = process.platform,
  sandbox = platform !== 'linux',
}: ChromiumFlagOptions): string[] {
  const flags = ['--enable-unsafe-webgpu', ...AGAIN];
  if (!sandbox) flags.push('--no-sandbox');
  if (software) flags.push('--use-webgpu-adapter=swiftshader');
  else if (platform === 'linux') {
    flags.push(
      '--enable-features=Vulkan',
      '--use-angle=vulkan',
      '--disable-vulkan-surface',
      '--ignore-gpu-blocklist',
    );
  }
  return [...flags, ...QUIET];
}

/**
 * Whether this machine shows a GPU to programs. Only Linux can be asked this cheaply (device files of DRM, NVIDIA
 * and WSL); elsewhere the answer is true and the adapter decides.
 */
export function hasGpuDevice(platform: NodeJS.Platform = process.platform): boolean {
  if (platform !== 'linux') return true;
  if (existsSync('/dev/nvidia0') || existsSync('/dev/dxg')) return true;
  return existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
}
