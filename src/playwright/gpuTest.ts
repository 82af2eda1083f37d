import {
  type LaunchOptions,
  type Page,
  type PlaywrightTestArgs,
  type PlaywrightTestOptions,
  type PlaywrightWorkerArgs,
  type PlaywrightWorkerOptions,
  test as plain,
  type TestType,
} from '@playwright/test';
import { chromiumFlags, hasGpuDevice } from '../cli/chromiumFlags.ts';
import { findBrowser, thisMachine } from '../cli/findBrowser.ts';
import type { AdapterInfo } from '../gpu/device.ts';
import { noAdapter } from '../gpu/noAdapter.ts';
import { openLibraryPage } from './libraryPage.ts';
import { watchErrors } from './watchErrors.ts';

/**
 * Which adapter Chromium shall offer: 'any' is the machine's GPU, or SwiftShader, which computes on the CPU, where the machine shows
 * none; 'software' is SwiftShader everywhere, so that all machines compute alike; 'gpu' fails where there is only a software adapter.
 */
export type GpuAdapter = 'any' | 'software' | 'gpu';

/** What each test can take. */
export interface GpuFixtures {
  /**
   * The test's page, blank, in Chromium with a WebGPU adapter. `await import('basin')` works in it (also `basin/engine` and
   * `basin/jobs`), until it goes elsewhere. The test fails with what to install or which flag to set where there is no adapter
   * (NoAdapterError), with an error of a device that nothing caught, with a lost device, and with an exception of the page. Devices of
   * workers are not watched.
   */
  gpuPage: Page;
}

/** What all tests of a worker share. */
export interface GpuWorkerFixtures {
  /** An option, 'any' if left out: `test.use({ gpuAdapter: 'software' })`, or `use` of a configuration. */
  gpuAdapter: GpuAdapter;
  /** The adapter that pages have, its features and limits. */
  gpuInfo: AdapterInfo;
}

/**
 * Playwright's `test` with `gpuPage`. The browser is the one of the configuration's `channel` or `launchOptions.executablePath`, else
 * the one that BASIN_BROWSER names, an installed Chrome, Chromium or Edge, or Playwright's own; flags of the configuration come after
 * those that WebGPU needs.
 */
export const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & GpuFixtures,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & GpuWorkerFixtures
> = plain.extend<GpuFixtures, GpuWorkerFixtures>({
  gpuAdapter: ['any', { option: true, scope: 'worker' }],

  launchOptions: [
    async ({ launchOptions, browserName, gpuAdapter, playwright }, use, { project }) => {
      if (browserName !== 'chromium') return use(launchOptions);
      const software = gpuAdapter === 'software' || (gpuAdapter === 'any' && !hasGpuDevice());
      const options: LaunchOptions = {
        ...launchOptions,
        args: [...chromiumFlags({ software }), ...(launchOptions.args ?? [])],
      };
      // Of the fixture `channel` nothing is asked: it depends on this one.
      if (!project.use.channel && !launchOptions.channel) {
        options.executablePath ??= browserPath(() => playwright.chromium.executablePath());
      }
      await use(options);
    },
    { scope: 'worker' },
  ],

  gpuInfo: [
    async ({ browser, browserName, gpuAdapter }, use) => {
      if (browserName !== 'chromium') {
        throw new Error(`gpuPage: browserName is ${browserName}, and Playwright has WebGPU in chromium only`);
      }
      const page = await browser.newPage();
      const info = await adapterOf(page).finally(() => page.close());
      if (gpuAdapter === 'gpu' && info.software) {
        const found = `${info.vendor} ${info.architecture} ${info.description}`.trim();
        throw await noAdapter(
          'page',
          `gpuAdapter is 'gpu', and WebGPU found a software adapter alone (${found})`,
        );
      }
      await use(info);
    },
    { scope: 'worker' },
  ],

  // Asked for, so that a page without an adapter fails before the test begins.
  gpuPage: async ({ page, gpuInfo: _ }, use) => {
    const errors = await watchErrors(page);
    await openLibraryPage(page);
    await use(page);
    const found = await errors();
    if (found.length > 0) throw new Error(`gpuPage: what nothing caught:\n${found.join('\n')}`);
  },
});

/** A browser is never installed because a test wants one; BASIN_INSTALL_BROWSER=1 asks for it. */
function browserPath(playwrightPath: () => string): string {
  const machine = thisMachine();
  const env = { ...machine.env, CI: undefined };
  return findBrowser({ machine: { ...machine, env, playwrightPath } }).path;
}

/** Opens a device in the page, as a user of the library does. @throws NoAdapterError */
async function adapterOf(page: Page): Promise<AdapterInfo> {
  await openLibraryPage(page);
  const { info, failure } = await page.evaluate(async (library) => {
    const { openDevice } = (await import(/* @vite-ignore */ library)) as typeof import('../gpu/device.ts');
    try {
      const gpu = await openDevice();
      gpu.dispose();
      return { info: gpu.info };
    } catch (error) {
      const { name, message } = error as Error;
      return { failure: { name, message } };
    }
  }, 'basin/engine');
  if (info) return info;
  throw Object.assign(new Error(failure!.message), { name: failure!.name });
}
