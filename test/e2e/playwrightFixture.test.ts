import { join } from 'node:path';
import { expect, test } from 'vitest';
import { execute, inFolder, ROOT } from './basin.ts';
import { packed } from './packed.ts';
import { tsc, write } from './userProject.ts';

/** What a user writes: a test that passes, and what must not pass unseen. */
const TESTS = `
import { expect, test } from 'basin/playwright';

test('computes', async ({ gpuPage, gpuInfo }) => {
  expect(gpuInfo.software).toBe(true);
  const losses = await gpuPage.evaluate(async () => {
    const { data, nn, openDevice, train } = await import('basin');
    const gpu = await openDevice();
    const host = { read: (path: string) => Promise.reject(new Error(path)) };
    const clusters = await data.loadDataset('gaussian-clusters?examples=64&classes=3&dims=8', host);
    const model = nn.sequential(nn.linear(8, 3));
    const run = await train(gpu, { model, data: clusters, batchSize: 16, steps: 3, lr: 0.1 });
    const losses: unknown[] = [];
    for await (const { loss } of run.readings()) losses.push(loss);
    gpu.dispose();
    return losses;
  });
  expect(losses).toEqual([expect.any(Number), expect.any(Number), expect.any(Number)]);
});

test('has an error of a device', async ({ gpuPage }) => {
  await gpuPage.evaluate(async () => {
    const adapter = await navigator.gpu.requestAdapter();
    const device = await adapter!.requestDevice();
    device.createBuffer({ label: 'impossible', size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
  });
});

test('has an exception', async ({ gpuPage }) => {
  await gpuPage.evaluate(() => {
    setTimeout(() => {
      throw new TypeError('thrown later');
    });
    return new Promise((done) => setTimeout(done, 50));
  });
});
`;

/** The browser as a test has it; one without an adapter; and one that has a software adapter where a GPU was asked for. */
const CONFIG = `
import { defineConfig } from '@playwright/test';
import type { GpuWorkerFixtures } from 'basin/playwright';

export default defineConfig<object, GpuWorkerFixtures>({
  testDir: '.',
  reporter: 'json',
  workers: 1,
  projects: [
    { name: 'software', use: { gpuAdapter: 'software' } },
    { name: 'none', grep: /computes/, use: { launchOptions: { args: ['--disable-gpu', '--disable-software-rasterizer'] } } },
    {
      name: 'gpu',
      grep: /computes/,
      use: { gpuAdapter: 'gpu', launchOptions: { args: ['--use-webgpu-adapter=swiftshader'] } },
    },
  ],
});
`;

const BESIDE = ['@playwright/test', 'playwright', 'playwright-core', '@types/node', 'undici-types'];

interface Report {
  readonly errors: readonly unknown[];
  readonly suites: readonly { readonly specs: readonly Spec[] }[];
}
interface Spec {
  readonly title: string;
  readonly tests: readonly {
    readonly projectName: string;
    readonly results: readonly {
      readonly status: string;
      readonly errors: readonly { readonly message: string }[];
    }[];
  }[];
}

/** How each test of a user's project ends: 'passed', or what it failed with. */
async function outcomes(folder: string): Promise<Record<string, string>> {
  const cli = join(ROOT, 'node_modules/@playwright/test/cli.js');
  const { stdout, stderr } = await execute(process.execPath, [cli, 'test'], folder, { FORCE_COLOR: '0' });
  const { suites, errors } = JSON.parse(stdout) as Report;
  expect({ errors, stderr }).toEqual({ errors: [], stderr: '' });
  const ran = suites.flatMap(({ specs }) =>
    specs.flatMap(({ title, tests }) =>
      tests.map(({ projectName, results: [result] }) => {
        const messages = result!.errors.map(({ message }) => message).join('\n');
        return [`${projectName}: ${title}`, result!.status === 'passed' ? 'passed' : messages] as const;
      }),
    ),
  );
  return Object.fromEntries(ran);
}

test("a user's tests with gpuPage fail by what their page could not, and what nothing in it caught", async () => {
  await inFolder(async (folder) => {
    await (await packed()).install(folder, BESIDE);
    write(folder, { 'gpu.spec.ts': TESTS, 'playwright.config.ts': CONFIG });
    const typed = tsc(folder, ['gpu.spec.ts', 'playwright.config.ts'], {
      module: 'nodenext',
      types: ['node'],
    });
    expect(await outcomes(folder)).toEqual({
      'software: computes': 'passed',
      'software: has an error of a device': expect.stringMatching(
        /nothing caught:\nGPUValidationError: .*impossible/s,
      ),
      'software: has an exception': expect.stringMatching(/nothing caught:\nTypeError: thrown later/),
      'none: computes': expect.stringMatching(
        /^NoAdapterError: WebGPU found no adapter\..*--enable-unsafe-webgpu --use-webgpu-adapter=swiftshader/s,
      ),
      'gpu: computes': expect.stringMatching(
        /^NoAdapterError: gpuAdapter is 'gpu', .*software adapter alone .*swiftshader/s,
      ),
    });
    expect(await typed).toBe('');
  });
});
