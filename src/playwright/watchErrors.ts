import type { Page } from '@playwright/test';

declare global {
  /** Tells the test of an error. */
  var basinGpuError: (message: string) => void;
  /** Devices of the page. */
  var basinGpuDevices: GPUDevice[];
}

/**
 * Gathers the exceptions of a page, the errors of its devices that no scope caught, and devices that were lost; from its next
 * document on.
 * @returns waits until the page's devices have reported what they were given so far, and gives all that was gathered
 */
export async function watchErrors(page: Page): Promise<() => Promise<string[]>> {
  const errors: string[] = [];
  page.on('pageerror', ({ name, message }) => errors.push(`${name}: ${message}`));
  page.on('crash', () => errors.push('the page crashed'));
  await page.exposeFunction('basinGpuError', (message: string) => {
    errors.push(message);
  });
  await page.addInitScript(watchDevices);
  return async () => {
    // A page that was closed or has crashed can report no more.
    await page.evaluate(settleDevices).catch(() => {});
    return errors;
  };
}

/** In the page, before its own scripts. */
function watchDevices(): void {
  if (!('GPUAdapter' in globalThis)) return;
  const devices: GPUDevice[] = [];
  globalThis.basinGpuDevices = devices;
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const device = await requestDevice.apply(this, args);
    devices.push(device);
    device.addEventListener('uncapturederror', ({ error }) => {
      basinGpuError(`${error.constructor.name}: ${error.message.trim()}`);
    });
    device.lost.then(({ reason, message }) => {
      if (reason !== 'destroyed') basinGpuError(`the device was lost: ${message}`);
    });
    return device;
  };
}

/** In the page: a scope's answer comes after those to all that its device was given before. */
async function settleDevices(): Promise<void> {
  await Promise.allSettled(
    globalThis.basinGpuDevices.map((device) => {
      device.pushErrorScope('validation');
      return device.popErrorScope();
    }),
  );
}
