import { expect, test } from 'vitest';
import { chromiumFlags } from '../../src/cli/chromiumFlags.ts';

test('software pins SwiftShader and leaves Vulkan alone', () => {
  const flags = chromiumFlags({ software: true, platform: 'linux' });
  expect(flags).toContain('--enable-unsafe-webgpu');
  expect(flags).toContain('--use-webgpu-adapter=swiftshader');
  expect(flags).toContain('--no-sandbox');
  expect(flags.join(' ')).not.toMatch(/Vulkan|angle/);
});

test('hardware asks Linux for Vulkan, other systems for nothing', () => {
  const linux = chromiumFlags({ software: false, platform: 'linux' });
  expect(linux).toContain('--enable-features=Vulkan');
  expect(linux).toContain('--use-angle=vulkan');
  expect(linux).toContain('--disable-vulkan-surface');
  for (const platform of ['darwin', 'win32'] as const) {
    const flags = chromiumFlags({ software: false, platform });
    expect(flags).toContain('--enable-unsafe-webgpu');
    expect(flags.join(' ')).not.toMatch(/Vulkan|vulkan|swiftshader|sandbox/);
  }
});

test('there is a sandbox unless it is taken away', () => {
  expect(chromiumFlags({ software: true, platform: 'linux', sandbox: true })).not.toContain('--no-sandbox');
  for (const platform of ['darwin', 'win32'] as const) {
    expect(chromiumFlags({ software: true, platform, sandbox: false })).toContain('--no-sandbox');
  }
});

test('a GPU process that falls is started again, however often', () => {
  for (const software of [true, false]) {
    expect(chromiumFlags({ software })).toEqual(
      expect.arrayContaining(['--disable-gpu-process-crash-limit', '--disable-domain-blocking-for-3d-apis']),
    );
  }
});

test('nothing is fetched from the network', () => {
  for (const software of [true, false]) {
    expect(chromiumFlags({ software })).toEqual(
      expect.arrayContaining([
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
        '--disable-quic',
      ]),
    );
  }
});
