import { afterEach, expect, test, vi } from 'vitest';
import { noNodeAdapter } from '../../src/cli/noNodeAdapter.ts';
import { MissingPackageError, NoAdapterError, openDevice } from '../../src/node.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test.runIf(process.platform === 'linux')(
  'a driver that was named, and has no adapter, is what the message is about, not what else could be installed',
  async () => {
    vi.stubEnv('VK_DRIVER_FILES', '/dev/null');
    const error = await openDevice().then(
      () => null,
      (thrown: Error) => thrown,
    );
    expect(error).toBeInstanceOf(NoAdapterError);
    expect(error!.message).toMatch(
      /^WebGPU found no adapter under VK_DRIVER_FILES=\/dev\/null\.\nVK_DRIVER_FILES is set, .* alone counts then\. Unset it/,
    );
    expect(error!.message).not.toMatch(/npm install|mesa-vulkan-drivers/);
    vi.stubEnv('VK_DRIVER_FILES', '');
    vi.stubEnv('VK_ICD_FILENAMES', '/old.json');
    expect((await noNodeAdapter()).message).toMatch(
      /under VK_ICD_FILENAMES=\/old\.json\.\nVK_ICD_FILENAMES is set/,
    );
  },
);

test('without one the message says which driver helps, and not to install what is there', async () => {
  vi.stubEnv('VK_DRIVER_FILES', '');
  vi.stubEnv('VK_ICD_FILENAMES', '');
  expect((await noNodeAdapter()).message).toMatch(/under any Vulkan driver\.\n.*mesa-vulkan-drivers/);
  expect((await noNodeAdapter()).message).not.toMatch(/npm install webgpu/);
});

test('what openDevice throws without the package can be told apart by its class', () => {
  expect(new MissingPackageError('webgpu', 'WebGPU under Node needs it')).toBeInstanceOf(Error);
  expect(MissingPackageError.name).toBe('MissingPackageError');
});
