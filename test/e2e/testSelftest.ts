import { expect, test } from 'vitest';
import { findBrowser } from '../../src/cli/findBrowser.ts';
import { vulkanDrivers, vulkanEnvironment } from '../../src/cli/findVulkanDriver.ts';
import type { SelftestResult } from '../../src/selftest/selftest.ts';
import { basin, inFolder } from './basin.ts';

/** The SwiftShader that lies beside a browser, where drivers are Vulkan's. */
function swiftShader(): Record<string, string> {
  const drivers = [...vulkanDrivers(() => findBrowser({ install: true }).path)];
  const driver = drivers.find(({ kind }) => kind === 'swiftshader');
  return driver ? vulkanEnvironment(driver) : {};
}

/** Every kernel agrees with float64 in a runtime, or those whose path begins so. */
export function testSelftest(runtime: 'browser' | 'deno', kernels?: string): void {
  test(`${kernels ? `every kernel of ${kernels}` : 'every kernel'} agrees with float64 in ${runtime}`, {
    timeout: 900_000,
  }, async () => {
    await inFolder(async (folder) => {
      const env = runtime === 'browser' ? {} : swiftShader();
      const only = kernels ? ['--kernel', kernels] : [];
      const ended = await basin(['selftest', '--runtime', runtime, '--json', ...only], folder, env);
      expect(ended.exitCode, ended.stderr).toBe(0);
      const { adapter, passed, failed, compensatedSum, rows } = JSON.parse(ended.stdout) as SelftestResult;
      expect(adapter.runtime).toBe(runtime === 'browser' ? 'page' : runtime);
      expect(rows.filter(({ ok, deterministic }) => !ok || !deterministic)).toEqual([]);
      expect(failed).toBe(0);
      expect(passed).toBe(rows.length);
      expect(passed).toBeGreaterThan(0);
      expect(compensatedSum.guardedTwoSum).toBeLessThan(2e-7);
      // A kernel with subgroups is chosen where there are some; Deno has none.
      const subgroups = adapter.features.includes('subgroups') && adapter.software;
      expect(rows.some(({ kernel }) => kernel.endsWith('Subgroup'))).toBe(subgroups);
      if (runtime === 'deno') expect(subgroups).toBe(false);
    });
  });
}
