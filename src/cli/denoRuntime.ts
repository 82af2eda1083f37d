import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { noAdapter } from '../gpu/noAdapter.ts';
import { distFolder } from './fileHost.ts';
import { findBrowser } from './findBrowser.ts';
import { findPackage, MissingPackageError } from './findPackage.ts';
import { vulkanDrivers, vulkanEnvironment } from './findVulkanDriver.ts';
import { beforeSignal } from './signals.ts';

const FLAGS = ['--unstable-webgpu', '--allow-all', '--no-prompt', '--no-config'];
const HAS_ADAPTER = 'Deno.exit((await navigator.gpu?.requestAdapter()) ? 0 : 1)';

/**
 * Runs this program under Deno (the npm package), whose WebGPU is wgpu, the implementation inside Firefox: with the
 * first Vulkan driver under which it has an adapter. Output goes where this process's does.
 *
 * @returns the exit code
 * @throws MissingPackageError without the package, NoAdapterError
 */
export async function runInDeno(args: readonly string[]): Promise<number> {
  // Deno's own launcher, which works where the scripts of packages were not run when they were installed.
  const launcher = findPackage('deno/bin.cjs');
  if (launcher === undefined) throw new MissingPackageError('deno', 'the self-test on wgpu runs in it');
  const env = environments().find((candidate) => {
    const options = { env: candidate, stdio: 'ignore' as const, timeout: 60_000 };
    return (
      spawnSync(process.execPath, [launcher, 'eval', '--unstable-webgpu', HAS_ADAPTER], options).status === 0
    );
  });
  if (!env) throw await noAdapter('deno', 'WebGPU found no adapter');
  const child = spawn(process.execPath, [launcher, 'run', ...FLAGS, join(distFolder, 'cli.js'), ...args], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const forget = beforeSignal((signal) => child.kill(signal));
  return new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  }).finally(forget);
}

/** The environments to try: Deno reads the loader's path when it starts, so it cannot be set from within. */
function environments(): NodeJS.ProcessEnv[] {
  const quiet = { ...process.env, DENO_NO_UPDATE_CHECK: '1' };
  if (process.platform !== 'linux') return [quiet];
  const browser = () => {
    try {
      return findBrowser({ install: false }).path;
    } catch {
      return undefined;
    }
  };
  return [...vulkanDrivers(browser)].map((driver) => ({ ...quiet, ...vulkanEnvironment(driver) }));
}
