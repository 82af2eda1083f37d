import type { Runtime } from './noAdapter.ts';

const VULKAN =
  "On Linux it needs the Vulkan loader and a Vulkan driver: the GPU vendor's, or Mesa 24 or later (mesa-vulkan-drivers), " +
  'or the SwiftShader that lies beside Chrome and Chromium (set VK_DRIVER_FILES to its vk_swiftshader_icd.json before the package is loaded).';

const CURES = {
  browser: [
    'Chrome or Edge 113 and later have WebGPU on by default on Windows, macOS, ChromeOS and Android. On Linux open ' +
      'chrome://flags and enable "Unsafe WebGPU Support" and "Vulkan", or start the browser with ' +
      '--enable-unsafe-webgpu --enable-features=Vulkan.',
    'Firefox has it from 141 on Windows and from 145 on macOS; elsewhere use Firefox Nightly and set dom.webgpu.enabled in about:config.',
    'Safari has it from 26; in older ones enable it under Develop > Feature Flags > WebGPU.',
    'Without a GPU, headless Chromium computes on the CPU with --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader.',
  ],
  node: [
    "Under Node install the npm package webgpu (npm install webgpu) and import { openDevice } from 'basin/node', which finds a driver; " +
      'or pass an entry point of your own: openDevice({ gpu: create([]) }).',
    VULKAN,
  ],
  /** Node, where the package is there. */
  dawn: [VULKAN],
  deno: [
    'Deno needs --unstable-webgpu in versions before 2, and on Linux the Vulkan loader (libvulkan1) and a Vulkan driver: ' +
      "the GPU vendor's or mesa-vulkan-drivers, or VK_DRIVER_FILES set to the vk_swiftshader_icd.json beside Chrome or Chromium.",
  ],
};

/** What helps where a runtime has no WebGPU or no adapter: what to install, which flag to set. A line each. */
export function adapterCures(runtime: Runtime | 'dawn'): readonly string[] {
  if (runtime !== 'page' && runtime !== 'worker') return CURES[runtime];
  if (globalThis.isSecureContext !== false) return CURES.browser;
  return [
    'Browsers offer WebGPU on https:// and on localhost only, and this page is on neither.',
    ...CURES.browser,
  ];
}
